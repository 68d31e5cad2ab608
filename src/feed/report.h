/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What became of a feed's lines: every one is a comment, accepted, or refused for a reason that
 * has a word, a count and one sample with its line number. Filled while reading, by one writer.
 */
#pragma once

#include "base/buf.h"

enum refusal {
	REFUSED_NOT_INDICATOR = 0,
	REFUSED_ADDRESS,
	REFUSED_ZERO_PADDED,
	REFUSED_HOST_BITS,
	REFUSED_SPECIAL_PURPOSE,
	REFUSED_TOO_WIDE,
	REFUSED_RANGE,
	REFUSED_NAME,
	REFUSED_LOCAL_NAME,
	REFUSED_SUFFIX,
	REFUSED_URL,
	REFUSED_PATH_ONLY,
	REFUSED_HASH,
	REFUSED_ASN,
	REFUSED_KIND,
	REFUSED_UNEXPECTED_KIND,
	REFUSED_EXCEPTION,
	REFUSED_RULE,
	REFUSED_PATTERN,
	REFUSED_WITHDRAWN,
	REFUSED_THRESHOLD,
	REFUSED_FIELDS,
	REFUSED_EMPTY,
	REFUSED_CATEGORY,
	REFUSED_JSON,
	REFUSED_SYNTAX,
	REFUSED_TOO_LONG,
	REFUSED_DOCUMENT,
	REFUSED_GUARDED, /* by keeper: a guard list says never */
	REFUSAL_COUNT
};

struct refusal_info {
	struct str word; /* "zero-padded": for JSON and logs */
	struct str text; /* "an octet padded with zeros: decimal or octal?" */
};

const struct refusal_info *refusal_info(enum refusal refusal);

enum { FEED_SAMPLE_MAX = 120 };

struct feed_sample {
	uint64_t line; /* 1-based; for documents the number of the record */
	uint8_t n;
	char text[FEED_SAMPLE_MAX]; /* printable ASCII and valid UTF-8; others as \xNN */
};

struct feed_report {
	struct str format;      /* the one that read it, a literal */
	struct str compression; /* a literal */
	uint64_t lines;         /* or records of a document */
	uint64_t comments;      /* lines without a claim: blank, comment, header, metadata */
	uint64_t accepted;      /* indicators, as the source lists them */
	uint64_t rows;          /* claims handed on */
	uint64_t duplicates;    /* claims that a batch merged into others */
	uint64_t times_unread;  /* accepted, but a time could not be read and is unknown */
	uint64_t documents;
	uint64_t plain_bytes;
	uint64_t sink_errors;
	uint64_t refused[REFUSAL_COUNT];
	struct feed_sample samples[REFUSAL_COUNT];
};

/* Zero-initialised is ready. Counts one refusal and keeps the first sample of its reason. */
void feed_report_refuse(
	struct feed_report *report, enum refusal refusal, uint64_t line, struct str text);
uint64_t feed_report_refused(const struct feed_report *report);
/* Adds what a further part of the same feed gave. */
void feed_report_add(struct feed_report *into, const struct feed_report *part);

/* For people: one line of totals, then one line per reason with its sample. */
void feed_report_format(struct buf *out, const struct feed_report *report);
