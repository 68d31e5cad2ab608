/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeper: the only writer. It holds the store, the catalogue of feeds, the signing key and the live
 * snapshot, and changes them by commands (command.h), imports (job.h) and the clock.
 *
 * This header is the state that those share; keeper_role.c turns the loop. One thread.
 */
#pragma once

#include "config/config.h"
#include "feed/catalogue.h"
#include "snapshot/live.h"
#include "snapshot/scoring.h"
#include "store/db.h"

#define KEEPER_SPOOL_FOLDER   "spool" /* inputs of jobs under way, so that a restart resumes them */
#define KEEPER_STORE_FOLDER   "store" /* SQLite; web may read it */
#define KEEPER_KEYS_FOLDER    "keys"  /* the signing key; no other role may read it */
#define KEEPER_FEEDS_FILE     "feeds.yaml" /* the operator's own */
#define KEEPER_CATALOGUE_FILE "catalogue.yaml"

struct keeper {
	const char *data; /* the data folder */
	const struct clock *clock;
	struct config config;
	struct db *db;
	struct scoring scoring; /* points into itself: a keeper is not moved */
	struct feed_catalogue catalogue;
	struct snapshot_key key;
	struct snapshot_live *live; /* NULL until the first snapshot is built */
};

/*
 * Opens everything within the data folder, which keeper_init_data() has made; brings the store's
 * schema up to date and notes the catalogue's families and weights in it.
 */
NODISCARD enum err keeper_open(struct keeper *out, const char *data, const struct clock *clock,
	struct str settings_json, struct why *why);
void keeper_close(struct keeper *keeper);

/* Reads settings and catalogue again; on failure the old ones stay. */
NODISCARD enum err keeper_reload(struct keeper *keeper, struct str settings_json, struct why *why);

/* The guards and overrides in force, for whoever imports. */
const struct rules *keeper_rules(const struct keeper *keeper);

/* The table of sources again, when a source of this name is not in it yet. */
NODISCARD enum err keeper_sources_reload(struct keeper *keeper, struct str name, struct why *why);

/* Makes the data folder, its parts, the keys and the store; what exists stays. */
NODISCARD enum err keeper_init_data(
	const char *data, const struct config *config, const struct clock *clock, struct why *why);

/*
 * The installed catalogue of feeds is kept in the data folder, because keeper may read nothing
 * else: whoever starts a server copies it there, whole or not at all.
 */
NODISCARD enum err keeper_catalogue_keep(const char *data, const char *installed, struct why *why);
/* That copy, and what the folder's own feeds.yaml adds to it or changes. */
NODISCARD enum err keeper_catalogue_open(
	const char *data, struct feed_catalogue *out, struct why *why);

/* data/part, with a NUL behind it, in out. */
const char *keeper_path(struct buf *out, const char *data, const char *part);
