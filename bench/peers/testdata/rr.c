/*
 * rr: exchanges messages with an echo server over standing connections, each
 * sending its next one when the last is back. It is what loadtest rr is
 * measured against: the same pattern with the same checks, as plainly as epoll
 * and threads allow.
 *
 *   rr ADDRESS PORT CONNECTIONS THREADS PAYLOAD WARM_UP_MS DURATION_MS
 *
 * It prints how many exchanges ended within the measured time, how many
 * connections failed, and that time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, BUFFER = 256 << 10, LATE_MS = 10000 };

struct conn {
	int fd, waits; /* waits: EPOLLOUT is wanted, too */
	uint64_t tag;  /* at the start of each message: no other has it */
	size_t sent, got;
};

struct thread {
	pthread_t id;
	int number, epoll, open;
	struct conn *conns;
	uint64_t tag, operations, failures;
	char *message, buffer[BUFFER];
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static int connections, threads;
static size_t payload;
static int64_t from, to; /* the measured time, in nanoseconds */

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void finish(struct thread *t, struct conn *c, int failed)
{
	close(c->fd);
	t->open--;
	t->failures += failed;
}

/* want asks for EPOLLOUT while a part of the message waits. */
static void want(struct thread *t, struct conn *c)
{
	int waits = c->sent < payload;
	struct epoll_event e = { EPOLLIN | (waits ? EPOLLOUT : 0), { .ptr = c } };
	if (waits != c->waits && epoll_ctl(t->epoll, EPOLL_CTL_MOD, c->fd, &e) < 0)
		die("epoll_ctl");
	c->waits = waits;
}

/* flush sends what the socket takes; 0 means that it failed. */
static int flush(struct thread *t, struct conn *c)
{
	memcpy(t->message, &c->tag, sizeof c->tag);
	ssize_t n = send(c->fd, t->message + c->sent, payload - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return 0;
	c->sent += n > 0 ? n : 0;
	want(t, c);
	return 1;
}

static int begin(struct thread *t, struct conn *c)
{
	c->tag = ++t->tag;
	c->sent = c->got = 0;
	return flush(t, c);
}

/* take reads once and compares; 0 means that the connection failed, -1 that it
 * has done all that was asked of it. */
static int take(struct thread *t, struct conn *c)
{
	ssize_t n = recv(c->fd, t->buffer, BUFFER, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN;
	memcpy(t->message, &c->tag, sizeof c->tag);
	if (n == 0 || (size_t)n > c->sent - c->got || memcmp(t->buffer, t->message + c->got, n) != 0)
		return 0;
	c->got += n;
	if (c->got < payload)
		return 1;
	int64_t at = now();
	t->operations += at >= from && at < to;
	return at < to ? begin(t, c) : -1;
}

static void ready(struct thread *t, struct epoll_event *e)
{
	struct conn *c = e->data.ptr;
	int alive = 1;
	if (e->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		alive = take(t, c);
	if (alive == 1 && c->waits && e->events & EPOLLOUT)
		alive = flush(t, c);
	if (alive != 1)
		finish(t, c, alive == 0);
}

/* join connects; every connection stands before the measured time begins. */
static void join(struct thread *t, struct conn *c)
{
	int on = 1;
	struct epoll_event e = { EPOLLIN, { .ptr = c } };
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (epoll_ctl(t->epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll_ctl");
	t->open++;
}

static void *run(void *arg)
{
	struct thread *t = arg;
	struct epoll_event events[BATCH];
	int n = 0;
	for (int i = t->number; i < connections; i += threads)
		if (!begin(t, &t->conns[i / threads]))
			finish(t, &t->conns[i / threads], 1);
	while (t->open > 0 && (n = epoll_wait(t->epoll, events, BATCH, LATE_MS)) != 0)
		for (int i = 0; i < n; i++)
			ready(t, &events[i]);
	t->failures += t->open; /* nothing came for too long */
	return NULL;
}

/* set_up opens a thread's share of the connections. */
static void set_up(struct thread *t, int number)
{
	t->number = number;
	t->epoll = epoll_create1(0);
	t->tag = (uint64_t)number << 48;
	t->message = malloc(payload);
	t->conns = calloc(connections / threads + 1, sizeof *t->conns);
	if (t->epoll < 0 || !t->message || !t->conns)
		die("set up");
	memset(t->message, 'x', payload);
	for (int i = number; i < connections; i += threads)
		join(t, &t->conns[i / threads]);
}

static void parse(int argc, char **argv)
{
	if (argc != 8 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
		fputs("usage: rr ADDRESS PORT CONNECTIONS THREADS PAYLOAD WARM_UP_MS DURATION_MS\n", stderr);
		exit(2);
	}
	server.sin_port = htons(atoi(argv[2]));
	connections = atoi(argv[3]);
	threads = atoi(argv[4]);
	payload = strtoul(argv[5], NULL, 10);
	if (connections < 1 || threads < 1 || payload < sizeof(uint64_t)) {
		fputs("rr: want at least a connection, a thread and 8 bytes\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	uint64_t operations = 0, failures = 0;
	parse(argc, argv);
	struct thread *all = calloc(threads, sizeof *all);
	if (!all)
		die("calloc");
	for (int i = 0; i < threads; i++)
		set_up(&all[i], i);
	from = now() + atoll(argv[6]) * 1000000;
	to = from + atoll(argv[7]) * 1000000;
	for (int i = 0; i < threads; i++)
		if ((errno = pthread_create(&all[i].id, NULL, run, &all[i])) != 0)
			die("pthread_create");
	for (int i = 0; i < threads; i++) {
		pthread_join(all[i].id, NULL);
		operations += all[i].operations;
		failures += all[i].failures;
	}
	printf("operations %llu failures %llu elapsed_ns %lld\n", (unsigned long long)operations,
	       (unsigned long long)failures, (long long)(to - from));
	return failures > 0;
}
