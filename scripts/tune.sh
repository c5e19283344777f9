#!/usr/bin/env bash
# Kernel settings for very many connections. Nothing but sysctl, written through
# /proc/sys: no firewall, no module, no limit of a process. It stands alone, to
# be copied to servers.
#
# A value that is better already is left as it is, and what was there before the
# first run is kept for --undo.
#
# Left alone on purpose:
#   tcp_rmem, tcp_wmem      are limits, not allocations: an idle connection holds
#                           no buffer, so smaller ones save nothing, and the
#                           kernel grows them as a connection needs
#   tcp_notsent_lowat       bounds what waits in the kernel behind a slow reader,
#                           but with 128 KiB bulk transfers through the proxy
#                           took 45 % more CPU per GiB (on loopback); tcp_mem
#                           bounds the sum
#   tcp_keepalive_*         the proxy sets its own for each socket
#   tcp_syncookies          is on by default and should be
#   vm.max_map_count        a process has few mappings, however many sessions
#   fs.epoll.max_user_watches  is 4 % of memory: beyond what sockets fit
#
# TUNE_ROOT=DIR has everything below DIR instead of /, for tests.
set -euo pipefail
export LC_ALL=C

root=${TUNE_ROOT:-}
sys=$root/proc/sys
state=$root/var/lib/proxy-engine/tune.state # the values before: key=value lines
conf=$root/etc/sysctl.d/90-proxy-engine.conf
descriptors=1048576 # a process that may have fewer is told how to get more

usage() {
  cat <<'END'
Kernel settings for very many connections.

  scripts/tune.sh --production   for a server: all that helps
  scripts/tune.sh --bench        for measuring: room (ports, queues, tables), and
                                 TCP itself as on any machine
  scripts/tune.sh --undo         put everything back as it was

  --dry-run   only print what would be done; needs no root
  --persist   also write /etc/sysctl.d/90-proxy-engine.conf, so that the settings
              survive a restart; --undo removes it
END
}

# settings prints the table: profile|key|rules|reason. There is a rule for each
# number of the value:
#   >=N  at least N     <=N  at most N     =N  exactly N
#   0>=N  at least N, or 0, which is no limit at all
settings() {
  cat <<END
both|fs.file-max|>=$((memory / 4))|open files of all processes together. A session has two sockets; one file per 4 KiB of memory is more than it can hold sockets
both|fs.nr_open|>=4194304|the most that one process's own limit may be set to: enough for two million sessions
both|fs.pipe-user-pages-soft|0>=$((processors * 8192))|pages in the pipes of a user who isn't root. Bulk transfers use up to 32 pipes of 1 MiB per processor
both|net.core.somaxconn|>=65535|connections that may wait at one listener to be accepted, if it asks for so many (--backlog): bursts of clients aren't turned away
both|net.core.netdev_max_backlog|>=16384|packets that may wait for one processor, those of loopback too. The default drops some of each burst
both|net.ipv4.tcp_max_syn_backlog|>=65535|half-open connections at one listener where SYN cookies are off; where they are on, somaxconn bounds them
both|net.ipv4.ip_local_port_range|<=10240 >=65535|ports of connections to backends: 55,000 per backend address, not 28,000. Servers with ports in it belong in ip_local_reserved_ports
both|net.ipv4.tcp_tw_reuse|=1|a port whose connection ended over a second ago may be used again, which timestamps make safe (RFC 6191). The default is loopback only
both|net.ipv4.tcp_max_tw_buckets|>=$((memory / 16))|connections remembered for a minute after their end (TIME_WAIT), at most 1.5 % of memory. Those beyond aren't, and the log fills
both|net.ipv4.tcp_max_orphans|>=$((memory / 32))|closed connections with bytes still to be delivered. Those beyond are reset: the end of all sessions at once takes as many
both|net.ipv4.tcp_mem|>=$((pages / 8)) >=$((pages * 3 / 16)) >=$((pages / 4))|pages in all TCP buffers: plenty, pressure, limit. The default stops at a tenth of memory, here it is a quarter
both|net.netfilter.nf_conntrack_max|>=$((memory / 16))|connections the firewall tracks, if it does: each session is two, and a full table drops packets. At most 2.5 % of memory
production|net.ipv4.tcp_slow_start_after_idle|=0|a connection that was idle goes on as fast as it was, and most here are idle most of the time
production|net.ipv4.tcp_fin_timeout|<=15|seconds a closed connection waits for its peer to close too (FIN_WAIT_2): vanished clients are forgotten sooner. TIME_WAIT isn't meant
bench|kernel.pid_max|>=131072|processes and threads: PostgreSQL has a process for each connection
END
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 2
}

path_of() { echo "$sys/${1//.//}"; }

# value_of KEY prints the value with single blanks between its numbers.
value_of() {
  local -a numbers
  read -ra numbers <"$(path_of "$1")" || [ "${#numbers[@]}" -gt 0 ] || return 0
  echo "${numbers[*]}"
}

# set_value KEY VALUE fails if the kernel doesn't take it.
set_value() {
  { printf '%s\n' "$2" >"$(path_of "$1")"; } 2>/dev/null
}

# exceeds A B compares numbers of any length: those of 64 bits without sign are
# more than bash can count.
exceeds() {
  [ ${#1} -gt ${#2} ] || { [ ${#1} = ${#2} ] && [[ $1 > $2 ]]; }
}

# better NUMBER RULE prints the number that the rule wants.
better() {
  local limit=${2##*=}
  case $2 in
    '0>='*) [ "$1" = 0 ] || exceeds "$1" "$limit" || set -- "$limit" ;;
    '>='*) exceeds "$1" "$limit" || set -- "$limit" ;;
    '<='*) exceeds "$limit" "$1" || set -- "$limit" ;;
    '='*) set -- "$limit" ;;
  esac
  echo "$1"
}

# wanted VALUE RULES prints the value that the rules want. It fails on a value
# that isn't as many numbers as there are rules.
wanted() {
  local -a numbers rules
  read -ra numbers <<<"$1"
  read -ra rules <<<"$2"
  [ "${#numbers[@]}" = "${#rules[@]}" ] || return 1
  local i
  for i in "${!rules[@]}"; do
    [[ ${numbers[i]} =~ ^[0-9]+$ ]] || return 1
    numbers[i]=$(better "${numbers[i]}" "${rules[i]}")
  done
  echo "${numbers[*]}"
}

# load_state reads the values before into original, their order into remembered.
load_state() {
  local line
  [ -e "$state" ] || return 0
  while IFS= read -r line; do
    if [[ $line == boot=* ]]; then
      state_boot=${line#boot=}
    else
      remembered+=("${line%%=*}")
      original[${line%%=*}]=${line#*=}
    fi
  done <"$state"
  if [ "$state_boot" != "$boot" ] && [ ! -e "$conf" ]; then
    echo "The machine has restarted since the last run, and what that had set is gone with it."
    forget
  fi
}

# forget drops the values before.
forget() {
  remembered=()
  original=()
  [ -z "$dry_run" ] || return 0
  rm -f "$state"
  rmdir "${state%/*}" 2>/dev/null || true # unless somebody else uses it
}

# remember KEY keeps the value before ours, byte for byte, unless it is known.
remember() {
  [ -z "${original[$1]+known}" ] || return 0
  original[$1]=$(<"$(path_of "$1")")
  [ -z "$dry_run" ] || return 0
  mkdir -p "${state%/*}"
  [ -e "$state" ] || echo "boot=$boot" >"$state"
  echo "$1=${original[$1]}" >>"$state"
}

# report KEY TEXT prints a line of what is done.
report() { printf '%-36s %s\n' "$1" "$2"; }

# tune_all takes every setting of the profile in turn.
tune_all() {
  local profiles key rules reason
  while IFS='|' read -r profiles key rules reason; do
    if [ "$profiles" = both ] || [ "$profiles" = "$profile" ]; then
      tune "$key" "$rules" "$reason"
    fi
  done < <(settings)
}

# tune KEY RULES REASON makes one setting as its rules want it.
tune() {
  local now want
  if [ ! -e "$(path_of "$1")" ]; then
    missing+=("$1")
    return
  fi
  now=$(value_of "$1")
  if ! want=$(wanted "$now" "$2"); then
    complain "$1" "is '$now', which this script doesn't understand"
    return
  fi
  if [ "$now" = "$want" ]; then
    report "$1" "$now, kept"
    echo "    $3"
  else
    report "$1" "$now -> $want"
    echo "    $3"
    remember "$1"
    apply "$1" "$want" || return 0
  fi
  if [ -n "${original[$1]+ours}" ]; then
    persistent+=("# $3" "$1 = $want")
  fi
}

# apply KEY VALUE sets a value and looks at what became of it.
apply() {
  [ -z "$dry_run" ] || return 0
  if ! set_value "$1" "$2"; then
    complain "$1" "the kernel refuses $2"
    return 1
  fi
  if [ "$(value_of "$1")" != "$2" ]; then
    complain "$1" "the kernel has made $(value_of "$1") of it"
  fi
}

# complain KEY TEXT tells of a fault, and the script ends with status 1.
complain() {
  echo "${0##*/}: $1: $2" >&2
  failed=1
}

# persist writes the settings that are ours for the next start of the machine.
persist() {
  if [ "${#persistent[@]}" = 0 ]; then
    echo "Nothing to persist: all was well before."
  elif [ -n "$dry_run" ]; then
    echo "Would write $conf."
  else
    mkdir -p "${conf%/*}"
    printf '%s\n' "# Written by proxy-engine's scripts/tune.sh --$profile; its --undo removes it." "${persistent[@]}" >"$conf"
    echo "Written: $conf."
  fi
}

# undo puts back every value before ours, and removes the persistent ones.
undo() {
  local key
  for key in "${remembered[@]}"; do
    restore "$key"
  done
  [ "${#remembered[@]}" -gt 0 ] || echo "No setting of ours to put back."
  if [ -e "$conf" ] && [ -n "$dry_run" ]; then
    echo "Would remove $conf."
  elif [ -e "$conf" ]; then
    rm "$conf"
    echo "Removed: $conf."
  fi
  [ -n "$dry_run$failed" ] || forget
}

# restore KEY puts back one value.
restore() {
  local now
  if [ ! -e "$(path_of "$1")" ]; then
    report "$1" "is no longer on this machine"
    return
  fi
  now=$(<"$(path_of "$1")")
  if [ "$now" = "${original[$1]}" ]; then
    report "$1" "${now//$'\t'/ }, as it was"
    return
  fi
  report "$1" "${now//$'\t'/ } -> ${original[$1]//$'\t'/ }"
  [ -n "$dry_run" ] || set_value "$1" "${original[$1]}" || complain "$1" "the kernel refuses ${original[$1]}"
}

# hint tells what sysctl can't set.
hint() {
  local limit
  limit=$(ulimit -Hn)
  if [ "$limit" != unlimited ] && [ "$limit" -lt "$descriptors" ]; then
    cat <<END
A process may have $limit descriptors here (ulimit -Hn); a session takes two. No
sysctl changes that: for a service of systemd it is LimitNOFILE=$descriptors in the
[Service] part (systemctl edit), from a shell of root ulimit -n $descriptors.
END
  fi
}

# measure_machine finds out what the settings depend on.
measure_machine() {
  memory=$(awk '$1 == "MemTotal:" { print $2 }' "$root/proc/meminfo") # KiB
  processors=$(grep -c '^processor' "$root/proc/cpuinfo")
  pages=$((memory * 1024 / $(getconf PAGE_SIZE)))
  boot=$(cat "$sys/kernel/random/boot_id" 2>/dev/null || true)
}

profile='' dry_run='' persist='' failed='' state_boot=''
missing=() persistent=() remembered=()
declare -A original=()

[ $# -gt 0 ] || { usage && exit 2; }
for option in "$@"; do
  case $option in
    --production | --bench | --undo)
      [ -z "$profile" ] || die "--$profile or $option?"
      profile=${option#--}
      ;;
    --dry-run) dry_run=1 ;;
    --persist) persist=1 ;;
    --help | -h) usage && exit 0 ;;
    *) die "unknown option '$option'; without options it prints those there are" ;;
  esac
done
[ -n "$profile" ] || die "want --production, --bench or --undo"
[ "$profile$persist" != undo1 ] || die "--persist goes with --production or --bench"
[ -n "$dry_run$root" ] || [ "$(id -u)" = 0 ] || die "only root may set these; --dry-run prints them"

measure_machine
load_state
if [ "$profile" = undo ]; then
  undo
else
  tune_all
  [ "${#missing[@]}" = 0 ] || echo "Not on this machine: ${missing[*]}."
  [ -z "$persist" ] || persist
  hint
fi
[ -z "$failed" ]
