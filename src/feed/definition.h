/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A feed's definition: what it is, whence it comes, how it is written and what its lines claim. A
 * feed is data, not code; the definitions of the public ones stand in share/feeds.yaml.
 *
 * All text is borrowed from whoever made the definition (the catalogue's arena).
 */
#pragma once

#include "base/arena.h"
#include "evidence/indicator.h"
#include "evidence/taxonomy.h"

enum feed_kind {
	FEED_FULL_LIST = 0, /* what is no longer in it has ended */
	FEED_ADDITIONS      /* only news; nothing ends by absence */
};

/* Where a record says what. */
enum feed_column {
	COLUMN_INDICATOR = 0,
	COLUMN_RANGE_END, /* the indicator is the first address of a range, this the last */
	COLUMN_TYPE,      /* "domain", "ipv4", "Intel::ADDR" ... */
	COLUMN_FIRST_SEEN,
	COLUMN_LAST_SEEN,
	COLUMN_CONFIDENCE, /* 0..100, or a fraction 0..1 with a point */
	COLUMN_COUNT_EVENTS,
	COLUMN_REFERENCE, /* of a route: its AS */
	COLUMN_CATEGORY,
	COLUMN_LIMIT
};

/* A word of the source and what it means here. */
struct feed_category_word {
	struct str word;
	enum category category; /* CATEGORY_NONE: leave such records out */
};

enum { FEED_CATEGORY_WORDS_MAX = 64 };

struct feed_mapping {
	/*
	 * CSV and TSV: the number of a column from 1, or its name in the header line. JSON: a
	 * dotted path within the record. Several with "|" between: the first that is there. Empty:
	 * none.
	 */
	struct str columns[COLUMN_LIMIT];
	char separator; /* CSV: 0 stands for the format's own; ' ' for runs of white space */
	/*
	 * JSON: the records within a document: "data[]", "rules[].domain_suffix[]", "{}" (the keys
	 * of an object); several with ",". Empty: the document itself, or its elements.
	 */
	struct str records;
	struct str metadata; /* JSON: a record that has this key is about the list */
	const struct feed_category_word *words;
	size_t word_n;
};

/* What a feed may hold, as bits. */
enum {
	FEED_HOLDS_IP = 1,
	FEED_HOLDS_NAMES = 2,
	FEED_HOLDS_URLS = 4,
	FEED_HOLDS_HASHES = 8,
	FEED_HOLDS_ALL = 15
};

/* What to do with odd input; zero-initialised is strict. */
struct feed_rules {
	struct ip_rules ip;
	bool allow_special_purpose; /* private, reserved, documentation addresses */
	bool names_below;           /* a plain name stands for all below it, too */
	bool drop_userinfo;         /* http://user:password@host/ is read without them */
	uint32_t threshold;         /* ipsum: on at least so many lists */
	unsigned holds;             /* FEED_HOLDS_*; 0 stands for all */
};

struct feed_definition {
	struct str name; /* a word: lower-case letters, digits, hyphens */
	struct str title;
	struct str url;  /* where it is fetched; empty for one that only comes as a file */
	struct str file; /* a path, relative to the catalogue's folder; instead of a URL */
	struct str homepage;
	struct str licence;
	struct str off_reason; /* why it is off by default; empty when nothing speaks against it */
	struct str family;     /* sources that copy each other; empty: its own */
	struct str format;     /* a name of the table in format.h, or "auto" */
	struct feed_mapping mapping;
	enum role role;
	enum category category;
	enum tlp tlp;
	int64_t cadence_s;
	uint64_t expected_min; /* accepted indicators; outside the bounds it is held */
	uint64_t expected_max; /* 0: no bound */
	double weight;         /* log-odds that a fresh claim adds; 0: the model's default */
	uint8_t purpose;       /* enum source_purpose: "purpose: guard" */
	uint8_t rule;          /* of a guard, enum guard_policy: "guard: never" */
	uint8_t standing;      /* enum source_standing: "standing: sensor"; vouched by default */
	uint8_t traits;        /* enum source_trait: "traits: [spoofable, cloud]" */
	int16_t confidence;    /* of lines that give none: 0..100 or CONFIDENCE_UNKNOWN */
	enum feed_kind kind;
	struct feed_rules rules;
	bool is_enabled;
};

enum { FEED_NAME_MAX = 64 };

/* A definition with nothing but its defaults: format auto, role src, category undetermined, TLP
 * clear, a day's cadence, off; it makes claims and is vouched for by who defined it. The name is
 * borrowed. */
struct feed_definition feed_definition_default(struct str name);
bool feed_name_is_valid(struct str name);

/* The words of the catalogue: "indicator", "type" ...; "full-list", "additions". */
struct str feed_column_name(enum feed_column column);
bool feed_kind_parse(struct str word, enum feed_kind *out);

/* What the store is told of the source. */
struct source_properties;
struct source_properties feed_properties(const struct feed_definition *feed);
