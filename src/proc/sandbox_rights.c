/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of rights: what each role may, as docs/architecture.md says it. The probe test
 * (test/proc/test_sandbox.c) tries from inside each role what is not here.
 */
#include "proc/sandbox_int.h"

/* For names and certificates: what libc's resolver and GnuTLS read. */
#define PATHS_NETWORK(for_store)                                                           \
	{ PATH_SYSTEM, PATH_READ, "/etc/ssl", for_store },                                 \
		{ PATH_SYSTEM, PATH_READ, "/usr/share/ca-certificates", for_store },       \
		{ PATH_SYSTEM, PATH_READ, "/usr/local/share/ca-certificates", for_store }, \
		{ PATH_SYSTEM, PATH_READ, "/etc/gnutls", for_store },                      \
		{ PATH_SYSTEM, PATH_READ, "/etc/resolv.conf", for_store },                 \
		{ PATH_SYSTEM, PATH_READ, "/run/systemd/resolve", for_store },             \
		{ PATH_SYSTEM, PATH_READ, "/etc/hosts", for_store },                       \
		{ PATH_SYSTEM, PATH_READ, "/etc/host.conf", for_store },                   \
		{ PATH_SYSTEM, PATH_READ, "/etc/gai.conf", for_store },                    \
		{ PATH_SYSTEM, PATH_READ, "/etc/nsswitch.conf", for_store },               \
		{ PATH_SYSTEM, PATH_READ, "/etc/services", for_store },                    \
		{ PATH_SYSTEM, PATH_READ, "/etc/ld.so.cache", for_store },                 \
		{ PATH_SYSTEM, PATH_READ, "/usr/lib", for_store },                         \
	{                                                                                  \
		PATH_SYSTEM, PATH_READ, "/lib", for_store                                  \
	}

#define PATHS_END                                   \
	{                                           \
		PATH_SYSTEM, PATH_READ, NULL, false \
	}

static const struct sandbox_path parse_paths[] = { PATHS_END };

static const struct sandbox_path fetch_paths[] = { PATHS_NETWORK(false), PATHS_END };

static const struct sandbox_path keeper_paths[] = {
	{ PATH_DATA, PATH_WRITE, "", false },
	{ PATH_SYSTEM, PATH_READ, "/dev/urandom", false },
	PATHS_NETWORK(true),
	PATHS_END,
};

static const struct sandbox_path answer_paths[] = {
	{ PATH_DATA, PATH_READ, "snapshot", false },
	{ PATH_DATA, PATH_READ, "keys/snapshot.pub", false },
	PATHS_END,
};

static const struct sandbox_path web_paths[] = {
	{ PATH_DATA, PATH_READ, "snapshot", false },
	{ PATH_DATA, PATH_READ, "keys/snapshot.pub", false },
	{ PATH_DATA, PATH_READ, "store", false },
	{ PATH_SYSTEM, PATH_READ, "/dev/urandom", false },
	PATHS_NETWORK(true),
	PATHS_END,
};

#define GIB (UINT64_C(1) << 30)

const struct sandbox_rights sandbox_rights[] = {
	[PROCESS_PARENT] = { .paths = parse_paths },
	[PROCESS_FETCH] = {
		.paths = fetch_paths,
		.calls = CALLS_BASE | CALLS_FILES_READ | CALLS_WRITE_OPEN | CALLS_CLIENT |
			 CALLS_NO_LOCAL | CALLS_THREADS | CALLS_LOAD_CODE,
		.is_connecting = true,
		.is_nobody = true,
		.memory_bytes = 2 * GIB,
		.file_bytes = 8 * GIB,
		.descriptors = 1024,
	},
	[PROCESS_PARSE] = {
		.paths = parse_paths,
		.calls = CALLS_BASE,
		.is_nobody = true,
		.has_no_network = true,
		/* the role lowers it to parse.memory_max */
		.memory_bytes = 64 * GIB,
		.file_bytes = GIB,
		.descriptors = 64,
	},
	[PROCESS_KEEPER] = {
		.paths = keeper_paths,
		.calls = CALLS_BASE | CALLS_FILES_READ | CALLS_FILES_WRITE | CALLS_WRITE_OPEN |
			 CALLS_SERVER | CALLS_THREADS | CALLS_CHILDREN,
		.store_calls = CALLS_CLIENT | CALLS_LOCAL | CALLS_LOAD_CODE,
		.descriptors = 4096,
	},
	[PROCESS_ANSWER] = {
		.paths = answer_paths,
		.calls = CALLS_BASE | CALLS_FILES_READ | CALLS_SERVER | CALLS_THREADS,
		.file_bytes = GIB,
		.descriptors = 65536,
	},
	[PROCESS_WEB] = {
		.paths = web_paths,
		.calls = CALLS_BASE | CALLS_FILES_READ | CALLS_SERVER | CALLS_THREADS,
		.store_calls = CALLS_CLIENT | CALLS_LOCAL | CALLS_LOAD_CODE,
		.file_bytes = GIB,
		.descriptors = 65536,
	},
	[PROCESS_CONTROL] = { .paths = parse_paths },
};
_Static_assert(ARRAY_LEN(sandbox_rights) == PROCESS_COUNT, "one row per process");
