/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the formats and the sink: a format cuts text out of its lines or records and offers it
 * with the facts that stand beside it; here it becomes a canonical indicator under the rules of the
 * feed's definition, or a counted refusal. Full batches are sorted and handed on.
 *
 * One intake per run; used by the formats only. A failing sink is remembered and ends the reading
 * at the next line.
 */
#pragma once

#include "evidence/claim.h"
#include "evidence/query.h"
#include "feed/definition.h"
#include "feed/input.h"
#include "feed/report.h"
#include "net/name.h"
#include "net/url.h"

/*
 * Where claims go. batch: sorted, merged, at most CLAIM_BATCH_MAX rows; borrowed, cleared
 * afterwards. progress may be NULL; bytes_total is 0 when unknown; called about once per batch and
 * once at the end.
 */
struct feed_sink {
	void *state;
	enum err (*batch)(void *state, struct claim_batch *batch, struct why *why);
	void (*progress)(void *state, uint64_t bytes_done, uint64_t bytes_total, uint64_t accepted);
};

/* What a source calls an indicator's kind. */
enum text_type {
	TEXT_ANY = 0,
	TEXT_IP, /* address, prefix or range */
	TEXT_NAME,
	TEXT_URL,
	TEXT_HASH,
	TEXT_ENDPOINT, /* address:port or name:port: the host is the indicator */
	TEXT_ASN,
	TEXT_OTHER /* known to be no indicator here: mail address, file name ... */
};

/* What stands beside an indicator. Begin with intake_facts(). */
struct intake_facts {
	enum text_type type;
	bool below; /* a name stands for all below it, too */
	enum role role;
	enum category category;
	enum tlp tlp;
	int16_t confidence;
	uint32_t count;
	int64_t first_seen_s;
	int64_t last_seen_s;
	struct str reference;
};

struct json_reader;

struct feed_intake {
	const struct feed_definition *definition;
	const struct feed_mapping *mapping;     /* the definition's, or the format's own */
	const struct feed_mapping *own_mapping; /* of the format; NULL: it has none */
	const struct feed_sink *sink;
	struct feed_report *report;
	struct feed_input *input;
	struct claim_batch batch;
	struct claim_row plain_row; /* the definition's facts */
	struct arena arena;         /* for a format's state; lives as long as the run */
	struct buf url_text;        /* canonical URLs */
	struct buf refanged;        /* text whose spelling was undone */
	struct json_reader *json;   /* made at first need */
	bool octet_is_special[256]; /* IPv4: has special-purpose space any of this first octet? */
	uint64_t line;              /* of the member under way; or number of the record */
	uint64_t reported;          /* accepted at the last progress */
	enum err sink_code;
	struct why sink_why;
};

void intake_start(struct feed_intake *intake, const struct feed_definition *definition,
	const struct feed_mapping *mapping, const struct feed_sink *sink,
	struct feed_report *report, struct feed_input *input);
/* Frees; what was not handed on is dropped. For CLEANUP. */
void intake_done(struct feed_intake *intake);
/* Hands on what waits and reports progress. */
NODISCARD enum err intake_flush(struct feed_intake *intake, struct why *why);

/* What the definition says of every line. */
struct intake_facts intake_facts(const struct feed_intake *intake);

/*
 * The next line, trimmed at both ends, counted; lines that are too long are refused here. *more is
 * false at the end of the member. Fails when the input or the sink did.
 */
NODISCARD enum err intake_next_line(
	struct feed_intake *intake, struct str *line, bool *more, struct why *why);
/* The same with its white space, for formats in which an indented line means something else. */
NODISCARD enum err intake_next_raw_line(
	struct feed_intake *intake, struct str *line, bool *more, struct why *why);
/* Whole lines that wait, not counted yet; none: intake_next_line() goes on. */
NODISCARD enum err intake_next_lines(
	struct feed_intake *intake, struct str *lines, struct why *why);
/* The document of this member, whole. */
NODISCARD enum err intake_document(struct feed_intake *intake, struct buf *out, struct why *why);

/*
 * Does the definition expect a FEED_HOLDS_* kind? An empty set expects all, but routes lead
 * to addresses alone.
 */
static inline bool intake_expects(const struct feed_intake *intake, unsigned kind)
{
	unsigned holds = intake->definition->rules.holds;

	if (intake->definition->purpose == PURPOSE_ROUTES)
		return kind == FEED_HOLDS_IP;
	return holds == 0 || (holds & kind) != 0;
}

/* Makes a claim of text, or refuses it with its reason; true when accepted. shown is the sample. */
bool intake_offer(struct feed_intake *intake, struct str text, const struct intake_facts *facts,
	struct str shown);
/* As intake_offer() for what is parsed already. */
bool intake_prefix(struct feed_intake *intake, const struct prefix *prefix,
	const struct intake_facts *facts, struct str shown);
/* As intake_prefix() with the definition's facts alone: the hot path of plain lists. */
bool intake_prefix_plain(struct feed_intake *intake, const struct prefix *prefix, struct str shown);
bool intake_range(struct feed_intake *intake, const struct ip_range *range,
	const struct intake_facts *facts, struct str shown);

/* Does the definition refuse it as special-purpose? */
bool intake_refuses_special(const struct feed_intake *intake, const struct prefix *prefix);

/* A claim whose indicator is canonical already. */
void intake_claim(struct feed_intake *intake, const struct indicator *indicator,
	const struct intake_facts *facts);

void intake_refuse(struct feed_intake *intake, enum refusal refusal, struct str shown);
static inline void intake_comment(struct feed_intake *intake)
{
	intake->report->comments++;
}

/* Reads a time into *out; empty text, "-" and what cannot be read leave it 0, the last counted. */
void intake_time(struct feed_intake *intake, struct str text, int64_t *out);

/*
 * The category that a source's word stands for: one of the mapping's words, else a name of the
 * taxonomy. The role follows the category when it is not the definition's own. False: leave the
 * record out (it was counted).
 */
bool intake_category(
	struct feed_intake *intake, struct str word, struct intake_facts *facts, struct str shown);

/* "domain", "ip-dst", "Intel::ADDR" ...; TEXT_OTHER for words that are not known. */
enum text_type text_type_of(struct str word);
