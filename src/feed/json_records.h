/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the formats in JSON share: parsing with a position in the reason, dotted paths, records.
 */
#pragma once

#include "base/json_read.h"
#include "feed/record.h"

/* Parses with the intake's reader. The reason names the byte and line of the first fault. */
NODISCARD enum err json_document(
	struct feed_intake *intake, struct str text, struct json_node *root, struct why *why);
/* The whole member, parsed. */
NODISCARD enum err json_member(struct feed_intake *intake, struct json_node *root, struct why *why);

/*
 * The value at a dotted path; a key may hold dots itself ("source.ip"), the longest match counts.
 * "|" separates alternatives: the first that is there and not empty. Absent when none is.
 */
struct json_node json_at_path(struct json_node node, struct str path);

/* Scalars as text: strings as they are, numbers and booleans written into the arena. */
struct str json_text(struct json_node node, struct arena *arena);

/* Offers one record, an object or a string, by the intake's mapping. */
void json_record_offer(struct feed_intake *intake, struct json_node record, bool below);

/*
 * Offers the records that the mapping's path names; without a path the elements of an array, the
 * only array of an object, or the object itself. An object with several arrays is refused, because
 * one of them may be a list of what is harmless.
 */
NODISCARD enum err json_records_offer(
	struct feed_intake *intake, struct json_node root, struct why *why);

/* The byte offset of the first fault by RFC 8259, text.n when it ends too early. */
size_t json_fault_offset(struct str text);
