/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A role's side of its life: what it inherited, its channels, and the events that its loop turns
 * on. The parent makes every channel; when one of two roles starts again, both get a fresh pair,
 * so a role only sees CHILD_PEER_LOST and, later, CHILD_PEER_NEW.
 *
 * A role's main function runs inside the sandbox already, opens what it needs, says child_ready()
 * and loops:
 *
 *	while (child_wait(child, -1, &why) == OK)
 *		while (child_next(child, &event)) {
 *			... by event.kind; CHILD_STOP: return 0 ...
 *			message_done(&event.message);
 *		}
 *
 * A loop that waits for more than channels uses child_poll_fill() and child_poll_done() around its
 * own poll() or curl_multi_poll(), with a timeout of 0 when child_is_due(). One thread.
 */
#pragma once

#include "base/clock.h"
#include "channel/channel.h"
#include "proc/sandbox.h"

enum {
	CHILD_PEERS_MAX = 24,
	CHILD_INHERITED_MAX = 160,
	CHILD_POLL_MAX = CHILD_PEERS_MAX + 1, /* descriptors that child_poll_fill() may fill */
	CHILD_NAME_MAX = 24
};

/*
 * A role's exit: it ended because it was told to, it failed and may be started again, or starting
 * it again would not help (its settings are wrong): at start, the parent then gives up.
 */
enum child_exit { CHILD_EXIT_OK = 0, CHILD_EXIT_FAILED = 1, CHILD_EXIT_HOPELESS = 78 };

enum child_event_kind {
	CHILD_MESSAGE,   /* message came from peer, index on channel */
	CHILD_PEER_NEW,  /* channel leads to peer, index from now on */
	CHILD_PEER_LOST, /* that channel is gone; what waited for an answer gets none */
	CHILD_RELOAD,    /* child->settings are new */
	CHILD_STOP       /* finish and return; once */
};

struct child_event {
	enum child_event_kind kind;
	enum process peer; /* PROCESS_PARENT for GENERATION and HEALTH */
	unsigned index;
	struct channel *channel; /* borrowed, until the loss of the peer; NULL when lost */
	struct message message;  /* the payload lives until the next call on channel or child */
};

/* A descriptor that the parent opened: a listening socket or shared memory. */
struct child_inherited {
	char name[CHILD_NAME_MAX];
	unsigned index;
	int fd; /* the role may take it and put -1 here */
};

struct child_peer {
	enum process process;
	unsigned index;
	struct channel channel;
	bool is_used;
	bool is_known; /* CHILD_PEER_NEW was given for this channel */
	int next_fd;   /* the channel's successor, until its last message was read; -1 */
};

struct child {
	enum process process;
	unsigned index;
	const char *data;          /* the data folder; lives for ever */
	const struct clock *clock; /* NULL stands for the machine's */
	struct buf settings;       /* JSON text of the parent's last HERITAGE or RELOAD */
	struct child_inherited inherited[CHILD_INHERITED_MAX];
	size_t inherited_count;
	struct channel parent;
	struct child_peer peers[CHILD_PEERS_MAX];
	size_t next_peer; /* whose turn it is, so that a loud one does not starve the others */
	struct sandbox_status sandbox;
	bool is_stopping; /* CHILD_STOP was given */
};

/* The main function of a role; returns an enum child_exit. */
typedef int (*role_main)(struct child *child);

/* Tells the parent that the role works. Once. */
NODISCARD enum err child_ready(struct child *child, struct why *why);

/* The inherited descriptor of that name and number, -1 when there is none. Still the child's. */
int child_inherited(const struct child *child, const char *name, unsigned index);
/* The open channel to a role, NULL when it is away now. */
struct channel *child_peer(struct child *child, enum process process, unsigned index);

/* Waits until something came, at most timeout_ms (-1: for ever). ERR_CLOSED: the parent is gone. */
NODISCARD enum err child_wait(struct child *child, int timeout_ms, struct why *why);

/* Has child_next() something already? Then nobody should wait. */
bool child_is_due(const struct child *child);

struct pollfd;
/* Fills at most CHILD_POLL_MAX rows and returns how many. */
size_t child_poll_fill(struct child *child, struct pollfd *rows);
/* Reads and writes what poll() found; the rows are those that child_poll_fill() filled. */
NODISCARD enum err child_poll_done(
	struct child *child, const struct pollfd *rows, size_t n, struct why *why);

/* The next event, false when there is none. The caller calls message_done(&out->message). */
bool child_next(struct child *child, struct child_event *out);

/*
 * For child_run() and tests: begins on a channel to the parent, and reads the heritage (blocking).
 * child_done() closes everything; for CLEANUP.
 */
NODISCARD enum err child_begin(
	struct child *child, enum process process, unsigned index, int fd, struct why *why);
void child_done(struct child *child);
