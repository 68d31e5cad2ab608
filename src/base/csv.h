/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CSV as RFC 4180 has it, and its relatives with another separator (tab, semicolon, bar). Reading
 * cuts slices and copies only fields that hold a doubled quote.
 *
 * Records end with LF or CRLF. A quote counts only as the first byte of a field; elsewhere it is a
 * byte like others. A quoted field may hold separators and line ends. What is refused costs its
 * record, not the file.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum {
	/* A quote that is not closed within so many bytes is taken for a stray one. */
	CSV_RECORD_MAX = 1 << 20
};

/* Zero-initialised (or NULL): comma and quotes. */
struct csv_rules {
	char separator; /* 0 stands for the comma */
	bool no_quotes; /* quotes are bytes like others: most TSV, Zeek logs */
};

/*
 * Cuts the next record off *rest, without its line end; *lines (may be NULL) grows by the lines it
 * took. False when no whole record is left: at the end of the input, or, when is_end is not set,
 * because more bytes are needed behind what *rest still holds. An empty line is a record of one
 * empty field. When a quote is never closed, the record is the one line, and csv_next_field()
 * refuses it.
 */
bool csv_next_record(struct str *rest, const struct csv_rules *rules, bool is_end,
	struct str *record, uint64_t *lines);

/* The fields of one record, from left to right. Borrows record and rules. */
struct csv_fields {
	struct str rest;
	const struct csv_rules *rules;
	struct arena *arena; /* for fields with doubled quotes */
	bool ended;
};

struct csv_fields csv_fields_of(
	struct str record, const struct csv_rules *rules, struct arena *arena);
/* *found is false when there are no more. ERR_SYNTAX ends the record. */
NODISCARD enum err csv_next_field(
	struct csv_fields *fields, struct str *field, bool *found, struct why *why);

/* All fields at once; more than max are ERR_LIMIT. */
NODISCARD enum err csv_split(struct str record, const struct csv_rules *rules, struct arena *arena,
	struct str *fields, size_t max, size_t *n, struct why *why);

/* Writes records that csv_split() and spreadsheets read back. */
struct csv_writer {
	struct buf *out; /* borrowed */
	char separator;  /* 0 stands for the comma */
	/*
	 * An apostrophe goes before a field that a spreadsheet would run as a formula (one that
	 * starts with = + - @, a tab or a line end). For files that people open; not for machines,
	 * which would read the apostrophe.
	 */
	bool guard_formulas;
	bool is_lone_empty; /* the record is one empty field so far */
	size_t fields;      /* of the record under way */
};

void csv_put_field(struct csv_writer *csv, struct str value);
void csv_put_u64(struct csv_writer *csv, uint64_t value);
/* CRLF. A record has at least one field. */
void csv_record_end(struct csv_writer *csv);
