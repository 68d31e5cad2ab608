/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands: every change of state is one. This is the one place where permission is checked and the
 * audit trail is written; handlers below it may assume both.
 *
 * A command is a JSON object {"command": name, "token": id, "arguments": {...}}. Who asks is known
 * from the channel: web names the token it has verified (its permissions are read again here), the
 * control socket is told by the kernel. The answer is {"ok":true,"result":{...}} or
 * {"ok":false,"error":"denied","why":"..."}.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "channel/channel.h"
#include "keeper/keeper.h"
#include "registry/token.h"

struct service;

enum { ACTOR_OWNER_MAX = 64 };

/* Who asks. */
struct actor {
	char name[96];        /* "token:3f2a... (owner)", "uid:0" */
	uint32_t permissions; /* enum token_permission */
};
/* One person may have several tokens: the same name, or tokens of the same owner. */
bool actor_is_same(struct str a, struct str b);

/* One command under way. */
struct command_call {
	struct service *service;
	struct actor actor;
	struct json_node arguments;
	int *fd;               /* the file that came with it, -1 when none; a handler may take it */
	struct channel *asker; /* where answers go */
	uint64_t id;           /* the asker's, comes back in every answer */
	struct arena *arena;   /* lives as long as the call */
	bool is_deferred;      /* set by a handler whose job will answer later */
};

struct command {
	const char *name;
	uint32_t permission; /* enum token_permission that the actor must have */
	bool is_audited;     /* reading state leaves no trace */
	const char *summary;
	/* Writes the result's members into an object that is open already. */
	enum err (*run)(struct command_call *call, struct json_writer *result, struct why *why);
};

/* The table, for the API's description and the tests. */
size_t command_table(const struct command **out);

/*
 * Executes one message and appends the answer, unless the handler deferred it. Never fails: errors
 * become answers.
 */
void command_execute(struct service *service, struct channel *asker, const struct actor *local,
	struct message *message, struct buf *answer, bool *is_deferred);

/* Text member of the arguments, empty when absent; ERR_USAGE when it is no text or is needed. */
NODISCARD enum err command_text(const struct command_call *call, const char *name, bool is_needed,
	struct str *out, struct why *why);
NODISCARD enum err command_number(const struct command_call *call, const char *name, int64_t low,
	int64_t high, int64_t otherwise, int64_t *out, struct why *why);
bool command_flag(const struct command_call *call, const char *name, bool otherwise);

/* An error as an answer. */
void command_answer_error(struct buf *answer, const struct why *why);
