/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading JSON (RFC 8259): a plain C face of libsimdjson's DOM, and the only C++ in the tree.
 *
 * A reader is made once per process or thread and used again for each document. Nodes are values of
 * 16 bytes without allocation; **nodes and the strings taken from them live in the reader and die
 * at its next json_parse()**. What must live on is copied (arena_str).
 *
 * Strict: one value with nothing behind it; UTF-8 without byte order mark, lone surrogate or raw
 * control character; no NaN, no number beyond 64 bits or a double; no object with one key twice,
 * because two readers would take different values (looking for it costs about as much as half of
 * simdjson's parsing: 1.0 GB/s instead of 1.6 on 400-byte events). Strings may hold NUL (written
 * \u0000): never treat them as C strings.
 *
 * NDJSON is read line by line, so that a bad line costs that line.
 */
#pragma once

#include "base/str.h"

enum {
	JSON_BYTES_MAX = 512 << 20, /* of one document; memory use is about three times its size */
	JSON_DEPTH_MAX = 128        /* objects and arrays within each other */
};

enum json_type {
	JSON_ABSENT = 0, /* what json_get() gives where there is nothing; zero-initialised is it */
	JSON_NULL,
	JSON_BOOL,
	JSON_INTEGER, /* written without fraction and exponent, fits int64_t or uint64_t */
	JSON_REAL,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_TYPES
};

struct json_node {
	const void *document; /* NULL when absent */
	size_t index;
};

struct json_reader;

struct json_reader *json_reader_new(void);
/* For CLEANUP. */
void json_reader_free(struct json_reader **reader);

/*
 * Parses the whole of text, which is copied and may go. ERR_SYNTAX or ERR_LIMIT with the reason;
 * simdjson reports no position. On failure *root is absent.
 */
NODISCARD enum err json_parse(
	struct json_reader *reader, struct str text, struct json_node *root, struct why *why);

enum json_type json_type(struct json_node node);
/* "object", "string" ...: for messages. */
const char *json_type_word(enum json_type type);

/*
 * The value of a key; absent when there is none or node is no object, so look-ups chain:
 * json_get(json_get(root, "a"), "b"). Linear in the object's members.
 */
struct json_node json_get(struct json_node node, const char *key);
struct json_node json_get_str(struct json_node node, struct str key);

/*
 * The values themselves; false, and *out as it was, when the node is absent, of another type or
 * out of range. json_double also takes integers; json_i64 and json_u64 take no 1.0.
 */
NODISCARD bool json_str(struct json_node node, struct str *out);
NODISCARD bool json_i64(struct json_node node, int64_t *out);
NODISCARD bool json_u64(struct json_node node, uint64_t *out);
NODISCARD bool json_double(struct json_node node, double *out);
NODISCARD bool json_bool(struct json_node node, bool *out);

/* The member that must be there with that type, or why not ("'score' is a string, not ..."). */
NODISCARD enum err json_need(struct json_node object, const char *key, enum json_type type,
	struct json_node *out, struct why *why);

/*
 * Iteration: struct json_iterator it = json_each(node);
 *            while (json_next(&it, &value)) or while (json_next_member(&it, &key, &value))
 * A node that is no array (no object) has no elements (members).
 */
struct json_iterator {
	struct json_node at;
	size_t end;
	enum json_type type;
};

struct json_iterator json_each(struct json_node node);
bool json_next(struct json_iterator *it, struct json_node *value);
bool json_next_member(struct json_iterator *it, struct str *key, struct json_node *value);
/* Elements of an array or members of an object; 0 for others. */
size_t json_count(struct json_node node);
