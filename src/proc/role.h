/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The roles of a server, as src/cli puts them together: this folder knows their rights and their
 * lives, not their work.
 */
#pragma once

#include "proc/child.h"
#include "proc/sandbox.h"

struct process_role {
	enum process process;
	role_main main;
	unsigned instances; /* processes of this role; at most ROLE_INSTANCES_MAX */
};

enum { ROLE_INSTANCES_MAX = 16 };

/* Which roles have a channel to each other, besides the one that each has to the parent. */
struct role_link {
	enum process a;
	enum process b;
};
enum { ROLE_LINKS = 3 };
extern const struct role_link role_links[ROLE_LINKS];

/* The descriptor on which a child finds its channel to the parent. */
enum { ROLE_CHANNEL_FD = 3 };

/*
 * Runs one role in this process, which the parent started as
 *	pehra --role NAME --index N --data FOLDER [--user NAME] [--sandbox MODE] [--log N]
 *[--store-network] Returns the process's exit status.
 */
int role_run(int argc, char **argv, const struct process_role *roles, size_t role_count);
/* Is this command line for role_run()? */
bool role_is_asked(int argc, char **argv);
