/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of rules share. */
#pragma once

#include "base/map.h"
#include "guard/regexes.h"
#include "guard/rules.h"
#include "guard/substrings.h"

/* What guards say together of one thing. */
struct said {
	uint8_t guard;  /* enum guard_policy, the strongest */
	uint8_t traits; /* of those of policy note */
	bool is_noted;
	uint32_t list; /* number of the list whose policy it is; of two the first by name */
};

/* All rules about one prefix, or one URL or hash. */
struct rule {
	struct said said;
	uint32_t override; /* number + 1; 0: none */
};

struct prefix_rule {
	struct prefix prefix;
	struct rule rule;
};

/* All rules about one name. */
struct name_rule {
	struct str labels;     /* as in a key */
	struct said exact;     /* of the name itself */
	struct said below;     /* of it and every name below */
	struct said below_url; /* of URLs whose host is one of those */
	uint32_t override_exact;
	uint32_t override_below;
};

struct override_rule {
	int64_t id;
	bool is_allow;
	struct indicator indicator;
};

struct substring_rule {
	struct str text;
	uint8_t subjects;
	struct said said;
};

/* The substrings of one subject, once there are no more to come. */
struct substring_set {
	struct substrings *automaton;
	struct said *said; /* by the automaton's number */
};

enum { LABELS_MAX = 128 };

struct rules {
	bool is_ready;
	struct arena arena; /* texts */
	struct str *lists;
	size_t list_count;
	size_t list_capacity;
	struct map list_numbers;

	struct prefix_rule *prefixes; /* as added; ready: sorted, one per prefix */
	size_t prefix_count;
	size_t prefix_capacity;
	struct prefix_index index; /* numbers as in prefixes */
	struct rule *held;         /* what all that hold a prefix say together */

	struct name_rule *names;
	size_t name_count;
	size_t name_capacity;
	struct map name_numbers;     /* labels from the top down, each followed by 0: as in a key */
	bool has_labels[LABELS_MAX]; /* is there a name of so many labels? */
	bool has_url_hosts;

	struct rule *exact; /* of URLs and hashes */
	size_t exact_count;
	size_t exact_capacity;
	struct map exact_numbers; /* keys; EXACT_FOLDED and lower-case text for URLs of patterns */
	bool has_folded;

	struct substring_rule *substrings;
	size_t substring_count;
	size_t substring_capacity;
	size_t substring_bytes;
	struct substring_set of_names;
	struct substring_set of_urls;
	struct regexes *regexes;
	struct said *regex_said; /* by the number of the regex */
	size_t regex_capacity;

	struct override_rule *overrides;
	size_t override_count;
	size_t override_capacity;

	struct rule_place *places;
	size_t place_count;
	uint64_t never_hash;
	uint64_t refused;
};

/* The first byte of a key of no indicator. */
enum { EXACT_FOLDED = 0x7f };

/* Room for one more item; returns the items, perhaps elsewhere. */
void *rules_grow(void *items, size_t n, size_t *capacity, size_t size);

/* Adds what is said to what was. */
void rules_say(const struct rules *rules, struct said *to, const struct said *what);
/* The override that decides of two (number + 1, or 0) about the same thing. */
uint32_t rules_override_of_two(const struct rules *rules, uint32_t a, uint32_t b);

/* The labels of a name as they stand in a key, each followed by 0. */
enum { LABELS_BYTES_MAX = 256 };
struct str rules_labels(struct str name, char out[LABELS_BYTES_MAX]);

/* rules_text.c: adding and asking of what is no prefix. */
struct name_rule *rules_name(struct rules *rules, struct str labels);
struct rule *rules_exact(struct rules *rules, struct str key);
NODISCARD enum err rules_add_pattern(struct rules *rules, const struct indicator *indicator,
	const struct said *said, struct why *why);
void rules_ready_text(struct rules *rules);
void rules_done_text(struct rules *rules);
void rules_match_name(
	const struct rules *rules, struct str labels, bool is_below, struct rule *out);
void rules_match_url(const struct rules *rules, struct str url, struct rule *out);
void rules_match_hash(const struct rules *rules, struct str bytes, struct rule *out);

/* rules_places.c */
void rules_ready_places(struct rules *rules);
