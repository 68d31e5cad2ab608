/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private to sandbox*.c: the table of rights and the parts that enforce it.
 */
#pragma once

#include "proc/sandbox.h"

/* A folder or file that a role may open, with all below it. */
struct sandbox_path {
	enum { PATH_SYSTEM, PATH_DATA } base;
	enum { PATH_READ, PATH_WRITE } access;
	const char *path;  /* absolute, or below the data folder ("" is the folder itself) */
	bool is_for_store; /* only when the store is reached over the network */
};

/* Groups of system calls, see sandbox_calls.c; bits. */
enum sandbox_calls {
	CALLS_BASE = 1 << 0,       /* memory, time, polling, what is open already */
	CALLS_FILES_READ = 1 << 1, /* open; Landlock says what */
	CALLS_FILES_WRITE = 1 << 2,
	CALLS_WRITE_OPEN = 1 << 3, /* cut, allocate and sync a file that came as a descriptor */
	CALLS_CLIENT = 1 << 4,     /* make sockets and connect */
	CALLS_SERVER = 1 << 5,     /* accept and answer on inherited sockets */
	CALLS_THREADS = 1 << 6,
	CALLS_LOAD_CODE = 1 << 7,  /* map executable pages: name service and TLS modules */
	CALLS_CHILDREN = 1 << 8,   /* fork, within the same sandbox */
	CALLS_LOCAL = 1 << 9,      /* connect to local sockets: a database's */
	CALLS_NO_LOCAL = 1 << 10,  /* be told no instead: libc asks its cache daemon first */
	CALLS_SANITIZER = 1 << 11, /* what the run-time of address and undefined sanitizers needs */
};

struct sandbox_rights {
	const struct sandbox_path *paths; /* ends with a row whose path is NULL */
	unsigned calls;
	unsigned store_calls;  /* further ones when the store is reached over the network */
	bool is_connecting;    /* may connect to TCP ports */
	bool is_nobody;        /* runs as nobody, not as the owner of the data */
	bool has_no_network;   /* lives in an empty network namespace */
	uint64_t memory_bytes; /* address space; 0: no limit */
	uint64_t file_bytes;   /* of one written file; 0: no limit */
	unsigned descriptors;
};

/* Indexed by enum process; the parent's and control's rows are empty. */
extern const struct sandbox_rights sandbox_rights[PROCESS_COUNT];

/*
 * Landlock. Opening collects what the rights name while that can still be reached; closing the door
 * is a second step, after the user was changed. *ruleset is -1 where the kernel has no Landlock.
 */
NODISCARD enum err sandbox_files_open(const struct sandbox_request *request, int *ruleset,
	struct sandbox_status *status, struct why *why);
NODISCARD enum err sandbox_files_close(int ruleset, struct why *why);

/* seccomp; last of all. */
NODISCARD enum err sandbox_calls_close(
	unsigned calls, enum sandbox_mode mode, struct sandbox_status *status, struct why *why);

/* Notes a part that this machine does not give, with the reason in the log. */
void sandbox_missing(
	struct sandbox_status *status, enum sandbox_part part, const char *reason, int sys);
