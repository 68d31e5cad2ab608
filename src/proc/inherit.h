/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parent opens once, so that ports stay held and counters stay counted while roles die
 * and start again.
 */
#pragma once

#include "base/buf.h"
#include "channel/message.h"

enum inherit_kind {
	INHERIT_UDP,    /* a bound socket per count */
	INHERIT_TCP,    /* the same, listening */
	INHERIT_UNIX,   /* a listening stream socket; an old file of that name goes */
	INHERIT_MEMORY, /* zeroed shared memory of fixed size */
	INHERIT_KINDS
};

struct inherit {
	const char *name; /* child_inherited()'s; shorter than CHILD_NAME_MAX, no space */
	enum inherit_kind kind;
	const char *where; /* ADDRESS:PORT, [ADDRESS]:PORT or a path; NULL for memory */
	size_t size_bytes; /* of memory */
	unsigned
		count; /* how many of them, numbered from 0; several share a port by SO_REUSEPORT */
	uint32_t to;   /* bit 1 << process for each role that gets them */
	uint32_t to_read; /* memory: roles that get it read-only */
};

enum { INHERIT_MAX = 128 };

/* One opened descriptor. */
struct inherit_open {
	const struct inherit *row;
	unsigned index;
	int fd;      /* owned */
	int read_fd; /* memory: the same, read-only; owned; -1 */
};

struct inherit_set {
	struct inherit_open items[INHERIT_MAX];
	size_t n;
};

/*
 * Opens all rows; a port that another process holds is an error. owner (the data folder) gives the
 * user and group of socket files. inherit_done() closes; for CLEANUP.
 */
NODISCARD enum err inherit_open_all(struct inherit_set *set, const struct inherit *rows,
	size_t count, const char *owner, struct why *why);
void inherit_done(struct inherit_set *set);
