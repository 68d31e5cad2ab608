/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox: what a role may do is one row of a table (sandbox_rights.c), and entering takes the
 * rest away for good. Where a mechanism is missing (no root, an older kernel), the role says so
 * once in the log and goes on with the others.
 */
#pragma once

#include "base/buf.h"
#include "channel/message.h"

enum sandbox_part {
	SANDBOX_USER,       /* another user without further groups */
	SANDBOX_PRIVILEGES, /* no capabilities, no_new_privs */
	SANDBOX_FILES,      /* Landlock: only the role's folders */
	SANDBOX_PORTS,      /* Landlock: only the role's TCP rights */
	SANDBOX_SCOPE,      /* Landlock: no signals and abstract sockets to the outside */
	SANDBOX_CALLS,      /* seccomp: only the role's system calls */
	SANDBOX_NETWORK,    /* a network namespace with nothing in it */
	SANDBOX_LIMITS,     /* no core dumps, bounded memory, files and descriptors */
	SANDBOX_PARTS
};

/* What happens on a system call that the role may not make. */
enum sandbox_mode {
	SANDBOX_KILL,   /* the process dies of SIGSYS; the parent logs it */
	SANDBOX_REPORT, /* as KILL, but it first writes the call's number: for finding what to allow
			 */
	SANDBOX_MODES
};
const char *sandbox_mode_word(enum sandbox_mode mode);
bool sandbox_mode_from_word(struct str word, enum sandbox_mode *out);

struct sandbox_request {
	enum process process;
	const char *data; /* the data folder */
	const char *user; /* NULL: who owns the data folder */
	enum sandbox_mode mode;
	bool has_network_store; /* the store is PostgreSQL: keeper and web may reach it */
};

/* Bits 1 << enum sandbox_part. A part in neither is not for this role. */
struct sandbox_status {
	uint32_t active;
	uint32_t missing;
};

/*
 * Takes all rights away but those of request->process. Called in a process of one thread that has
 * no descriptor open but its own. An error means that a mechanism that is there refused: the
 * process must end.
 */
NODISCARD enum err sandbox_enter(
	const struct sandbox_request *request, struct sandbox_status *out, struct why *why);

/*
 * A further limit that a role sets itself, by its settings: soft, so that a reload may change it,
 * and never beyond the table's. No effect in a build with sanitizers.
 */
NODISCARD enum err sandbox_limit_memory(uint64_t most_bytes, struct why *why);

/* "user", "files" ...: for logs and status pages. */
const char *sandbox_part_word(enum sandbox_part part);

/* The status as the payload of READY, and back; false when the text is not one. */
void sandbox_status_put(struct buf *out, const struct sandbox_status *status);
bool sandbox_status_parse(struct str text, struct sandbox_status *out);
