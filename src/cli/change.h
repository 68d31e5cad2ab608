/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the verbs of decisions share: options become a command's arguments by a table, keeper's
 * answer is printed as it is (--json) or in words, and lists are written row by row.
 */
#pragma once

#include "base/json_write.h"
#include "cli/session.h"

enum change_kind {
	CHANGE_TEXT,
	CHANGE_NUMBER, /* a whole number */
	CHANGE_REAL,
	CHANGE_WORDS, /* separated by commas: an array */
	CHANGE_FLAG
};

struct change_option {
	const char *option; /* "--owner" */
	const char *member; /* of the command's arguments */
	enum change_kind kind;
};

/* Writes those that were given into an object that is open; ERR_USAGE names one that is off. */
NODISCARD enum err change_options(struct json_writer *json, const struct cli_arguments *arguments,
	const struct change_option *options, size_t n, struct why *why);
/* The first operand is a number: as that member. */
NODISCARD enum err change_number(struct json_writer *json, const struct cli_arguments *arguments,
	const char *member, struct why *why);

/* Keeper's answer in words. */
typedef void (*change_text)(struct buf *out, struct json_node result);

/* Sends the command and prints its result; the verb's exit. */
int change_send(const struct cli_arguments *arguments, const char *command, struct str json,
	change_text text);
/* For verbs whose one operand is a number: that and the options are the command. */
int change_by_number(const struct cli_arguments *arguments, const char *command, const char *member,
	const struct change_option *options, size_t n, change_text text);

/* The text or number of a member; empty, 0 when it has none. */
struct str change_str(struct json_node node, const char *key);
int64_t change_i64(struct json_node node, const char *key);

/* What a policy or a model would change (docs/score.md, "impact"). */
void change_impact(struct buf *out, struct json_node impact);

/* A list as it is printed: an array of objects, or lines. */
struct change_rows {
	struct buf out;
	struct json_writer json;
	bool is_json;
	int64_t last; /* the number of the row written last, for the next page */
	size_t n;     /* rows of the page at hand */
	int64_t now_s;
};

void change_rows_begin(struct change_rows *rows, const struct cli_arguments *arguments);
/* Ends the list, or says why it cannot be read; frees. The verb's exit. */
int change_rows_print(struct change_rows *rows, const struct cli_arguments *arguments, enum err err,
	const struct why *why);
