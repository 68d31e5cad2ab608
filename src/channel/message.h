/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What roles say to each other: one table of message types. A row names who may send it to whom,
 * how long its payload may be and whether a descriptor may travel with it; the channel refuses
 * whatever is not in the table, on both sides. Payloads called JSON are one UTF-8 object.
 */
#pragma once

#include "base/str.h"

/* Who is at an end of a channel. PROCESS_CONTROL is a command-line client of the control socket. */
enum process {
	PROCESS_PARENT,
	PROCESS_FETCH,
	PROCESS_PARSE,
	PROCESS_KEEPER,
	PROCESS_ANSWER,
	PROCESS_WEB,
	PROCESS_CONTROL,
	PROCESS_COUNT
};

enum message_type {
	/* life of a role: between parent and each child */
	MESSAGE_INHERIT,  /* parent: one descriptor. Text "NAME INDEX" */
	MESSAGE_HERITAGE, /* parent: the settings, after all INHERIT. JSON; the role begins */
	MESSAGE_READY,    /* child: at work, sandbox closed. Text: sandbox_status_put() */
	MESSAGE_PEER,     /* parent: a channel to another role. Text "ROLE INDEX" + socket */
	MESSAGE_RELOAD,   /* parent: the settings again, changed. JSON as HERITAGE */
	MESSAGE_STOP,     /* parent: finish and exit */
	MESSAGE_HEALTH,   /* parent: state of every role, after each change. JSON */

	/* feeds */
	MESSAGE_FETCH,          /* keeper: get this. JSON definition + temporary file */
	MESSAGE_FETCHED,        /* fetch: done or failed; id of the FETCH. JSON */
	MESSAGE_PARSE,          /* keeper: read this. JSON definition + input */
	MESSAGE_CLAIMS,         /* parse: an encoded claim_batch; id of the PARSE */
	MESSAGE_PARSE_PROGRESS, /* parse: how far; id of the PARSE. JSON */
	MESSAGE_PARSED,         /* parse: the end, report JSON; id of the PARSE */

	/* commands: id is the asker's, and comes back in every answer to it */
	MESSAGE_COMMAND,  /* JSON {"command","token","arguments"}, may bring a file */
	MESSAGE_REPLY,    /* keeper: the one answer to a command. JSON, may bring a file */
	MESSAGE_PROGRESS, /* keeper: how far a long command is. JSON */
	MESSAGE_EVENT,    /* keeper: something changed; id grows by one each. JSON */

	MESSAGE_GENERATION, /* a new snapshot: keeper to parent, parent to readers. JSON */

	/* any channel */
	MESSAGE_PING, /* answered by PONG with the same id and payload; the receiver's loop does it
		       */
	MESSAGE_PONG,
	MESSAGE_XOFF, /* sent and obeyed inside channel.c; never seen outside it */
	MESSAGE_XON,
	MESSAGE_TYPE_COUNT
};

/* What a message is to its writer and its reader. */
struct message {
	enum message_type type;
	uint64_t id;
	struct str payload; /* borrowed */
	int fd;             /* -1 when none; see channel_send() and channel_next() */
};

/* The longest payload of any type. */
enum { MESSAGE_PAYLOAD_MAX = 16 * 1024 * 1024 };

struct message_rule {
	const char *name;
	uint32_t from; /* bit 1 << role for each allowed sender */
	uint32_t to;
	uint32_t payload_max;
	bool has_descriptor; /* may carry one */
};

extern const struct message_rule message_rules[MESSAGE_TYPE_COUNT];

/* "keeper", "control"; the word used in logs, on the command line and in JSON. */
const char *process_word(enum process role);
/* False when no role has that word. */
bool process_from_word(struct str word, enum process *out);

/*
 * Whether a message of this type (any number off the wire), with a payload of this length and with
 * or without a descriptor, may go from one role to the other. ERR_SYNTAX says what is wrong.
 */
NODISCARD enum err message_check(uint32_t type, size_t payload_length, bool has_descriptor,
	enum process from, enum process to, struct why *why);

/* Closes the descriptor of a received message; for CLEANUP. */
void message_done(struct message *message);
