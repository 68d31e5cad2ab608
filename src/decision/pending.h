/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits for a person: held feeds, overrides that need a second one, models and policies that
 * would change too much, indicators that touch a guard of policy "ask". One queue, so that nothing
 * is overlooked. An item is known by its kind and subject; raising it again while it is open only
 * refreshes it.
 */
#pragma once

#include "base/arena.h"
#include "store/db.h"

/* Stored; never renumbered. */
enum pending_kind {
	PENDING_FEED = 1,     /* subject: the source; approving imports what was held */
	PENDING_OVERRIDE = 2, /* subject: its id; approving puts it in force */
	PENDING_MODEL = 3,    /* subject: the version; approving makes it live */
	PENDING_GUARD = 4,    /* subject: the indicator; approving lists it by an override */
	PENDING_KINDS
};
struct str pending_kind_name(enum pending_kind kind); /* "feed", "override", "model", "guard" */
bool pending_kind_parse(struct str word, enum pending_kind *out);

enum {
	PENDING_SUBJECT_MAX = 512,
	PENDING_SUMMARY_MAX = 1000,
	PENDING_DETAIL_MAX = 64 * 1024,
	PENDING_NOTE_MAX = 1000
};

struct pending {
	int64_t id;
	enum pending_kind kind;
	struct str subject;
	struct str summary; /* a sentence */
	struct str detail;  /* a JSON object: what the kind needs and people want to see */
	int64_t raised_s;
	int64_t refreshed_s;
	int64_t closed_s; /* 0: open */
	struct str closed_by;
	struct str outcome; /* "approved", "dismissed", "overtaken" */
	struct str note;
};

/* Raises or refreshes; *id is the item's, *is_new says whether somebody should be told. */
NODISCARD enum err pending_raise(struct db *db, enum pending_kind kind, struct str subject,
	struct str summary, struct str detail, int64_t now_s, int64_t *id, bool *is_new,
	struct why *why);
NODISCARD enum err pending_close(struct db *db, int64_t id, const char *outcome, struct str by,
	struct str note, int64_t now_s, struct why *why);
/* Closes the open item of that kind and subject, if there is one. */
NODISCARD enum err pending_overtaken(
	struct db *db, enum pending_kind kind, struct str subject, int64_t now_s, struct why *why);
typedef enum err (*pending_each)(void *state, const struct pending *row, struct why *why);
/*
 * Open ones oldest first, or all newest first, going on behind the item `before` of that order (0:
 * from the first), at most limit. kind 0: all.
 */
NODISCARD enum err pending_list(struct db *db, bool only_open, enum pending_kind kind,
	int64_t before, size_t limit, pending_each each, void *state, struct why *why);
NODISCARD enum err pending_find(
	struct db *db, int64_t id, struct arena *arena, struct pending *out, struct why *why);
/* The newest of that kind and subject, open or closed; id 0: there never was one. */
NODISCARD enum err pending_last(struct db *db, enum pending_kind kind, struct str subject,
	struct arena *arena, struct pending *out, struct why *why);
NODISCARD enum err pending_count(struct db *db, uint64_t *open, struct why *why);
