/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A way to keeper for verbs that change something: the running server's control socket, or, when
 * none runs, a server of this command's own with nothing but keeper and the parsers, which ends
 * with it. So there is one path for every change, whether a server runs or not.
 *
 * Who asks is whoever runs the command (keeper is told by the kernel), or the token of --token or
 * $PEHRA_TOKEN: a second person needs no account on the machine.
 */
#pragma once

#include "base/json_read.h"
#include "channel/channel.h"
#include "cli/arguments.h"

#include <sys/types.h>

struct session {
	struct channel channel;
	struct json_reader *reader;
	struct buf answer; /* of the last command; nodes of it live until the next one */
	pid_t own_server;  /* 0: somebody else's runs */
	uint64_t next_id;
	const char *secret; /* the token to act as; NULL: whoever runs the command */
};

enum { SESSION_FETCH = 1 }; /* needs: the own server can fetch */

NODISCARD enum err session_open(struct session *out, const struct cli_arguments *arguments,
	unsigned needs, struct why *why);
void session_close(struct session *session); /* for CLEANUP */

/* Called for each progress message of a command; may be NULL. */
typedef void (*session_progress)(void *state, struct json_node progress);

/*
 * Sends a command and waits for its answer. arguments is a JSON object; fd is -1 or a file that
 * goes with it (stays the caller's). An answer that says no becomes the error it names.
 */
NODISCARD enum err session_command(struct session *session, const char *command,
	struct str arguments, int fd, session_progress progress, void *state,
	struct json_node *result, struct why *why);
