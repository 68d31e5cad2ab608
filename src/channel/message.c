/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "channel/message.h"

#include "base/io.h"

#define BIT(role) (UINT32_C(1) << (role))

enum {
	KIB = 1024,
	MIB = 1024 * 1024,
	PARENT = BIT(PROCESS_PARENT),
	FETCH = BIT(PROCESS_FETCH),
	PARSE = BIT(PROCESS_PARSE),
	KEEPER = BIT(PROCESS_KEEPER),
	ASKERS = BIT(PROCESS_WEB) | BIT(PROCESS_CONTROL),
	READERS = BIT(PROCESS_ANSWER) | BIT(PROCESS_WEB),
	CHILDREN = FETCH | PARSE | KEEPER | READERS,
	ALL = PARENT | CHILDREN | ASKERS,
};

/* clang-format off */
const struct message_rule message_rules[] = {
	[MESSAGE_INHERIT]        = { "inherit",        PARENT,          CHILDREN,         64,       true },
	[MESSAGE_HERITAGE]       = { "heritage",       PARENT,          CHILDREN,         1 * MIB,  false },
	[MESSAGE_READY]          = { "ready",          CHILDREN,        PARENT,           64,       false },
	[MESSAGE_PEER]           = { "peer",           PARENT,          CHILDREN,         64,       true },
	[MESSAGE_RELOAD]         = { "reload",         PARENT,          CHILDREN,         1 * MIB,  false },
	[MESSAGE_STOP]           = { "stop",           PARENT,          CHILDREN,         0,        false },
	[MESSAGE_HEALTH]         = { "health",         PARENT,          KEEPER | READERS, 64 * KIB, false },
	[MESSAGE_FETCH]          = { "fetch",          KEEPER,          FETCH,            64 * KIB, true },
	[MESSAGE_FETCHED]        = { "fetched",        FETCH,           KEEPER,           64 * KIB, false },
	[MESSAGE_PARSE]          = { "parse",          KEEPER,          PARSE,            256 * KIB, true },
	[MESSAGE_CLAIMS]         = { "claims",         PARSE,           KEEPER,           MESSAGE_PAYLOAD_MAX, false },
	[MESSAGE_PARSE_PROGRESS] = { "parse_progress", PARSE,           KEEPER,           4 * KIB,  false },
	[MESSAGE_PARSED]         = { "parsed",         PARSE,           KEEPER,           1 * MIB,  false },
	[MESSAGE_COMMAND]        = { "command",        ASKERS,          KEEPER,           4 * MIB,  true },
	[MESSAGE_REPLY]          = { "reply",          KEEPER,          ASKERS,           4 * MIB,  true },
	[MESSAGE_PROGRESS]       = { "progress",       KEEPER,          ASKERS,           64 * KIB, false },
	[MESSAGE_EVENT]          = { "event",          KEEPER,          ASKERS,           64 * KIB, false },
	[MESSAGE_GENERATION]     = { "generation",     KEEPER | PARENT, PARENT | READERS, 4 * KIB,  false },
	[MESSAGE_PING]           = { "ping",           ALL,             ALL,              64,       false },
	[MESSAGE_PONG]           = { "pong",           ALL,             ALL,              64,       false },
	[MESSAGE_XOFF]           = { "xoff",           ALL,             ALL,              0,        false },
	[MESSAGE_XON]            = { "xon",            ALL,             ALL,              0,        false },
};
/* clang-format on */
_Static_assert(ARRAY_LEN(message_rules) == MESSAGE_TYPE_COUNT, "one rule per message type");

static const char *const role_words[] = {
	[PROCESS_PARENT] = "parent",
	[PROCESS_FETCH] = "fetch",
	[PROCESS_PARSE] = "parse",
	[PROCESS_KEEPER] = "keeper",
	[PROCESS_ANSWER] = "answer",
	[PROCESS_WEB] = "web",
	[PROCESS_CONTROL] = "control",
};
_Static_assert(ARRAY_LEN(role_words) == PROCESS_COUNT, "one word per role");

const char *process_word(enum process role)
{
	return (size_t)role < PROCESS_COUNT ? role_words[role] : "unknown";
}

bool process_from_word(struct str word, enum process *out)
{
	for (size_t i = 0; i < PROCESS_COUNT; i++) {
		if (str_eq(word, str_c(role_words[i]))) {
			*out = (enum process)i;
			return true;
		}
	}
	return false;
}

enum err message_check(uint32_t type, size_t payload_length, bool has_descriptor, enum process from,
	enum process to, struct why *why)
{
	if (type >= MESSAGE_TYPE_COUNT)
		return fail(why, ERR_SYNTAX, "message type %u does not exist", (unsigned)type);

	const struct message_rule *rule = &message_rules[type];

	if ((rule->from & BIT(from)) == 0 || (rule->to & BIT(to)) == 0)
		return fail(why, ERR_SYNTAX, "%s may not send %s to %s", process_word(from),
			rule->name, process_word(to));
	if (payload_length > rule->payload_max)
		return fail(why, ERR_SYNTAX, "%s of %zu bytes, more than %u", rule->name,
			payload_length, (unsigned)rule->payload_max);
	if (has_descriptor && !rule->has_descriptor)
		return fail(why, ERR_SYNTAX, "%s may not carry a descriptor", rule->name);
	return OK;
}

void message_done(struct message *message)
{
	fd_close(&message->fd);
}
