// Runs before the page is drawn, as a classic script, so that a chosen scheme
// doesn't flash past in the other one first.
'use strict';

const chosenScheme = localStorage.getItem('proxy-engine.scheme');
if (chosenScheme === 'light' || chosenScheme === 'dark') {
  document.documentElement.dataset.scheme = chosenScheme;
}
