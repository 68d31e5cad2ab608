/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/keeper.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "config/config_json.h"
#include "decision/schema.h"
#include "evidence/query.h"
#include "evidence/schema.h"
#include "learn/model_store.h"
#include "registry/schema.h"
#include "snapshot/open.h"
#include "store/audit.h"

#include <unistd.h>

enum { DATA_MODE = 0750, CATALOGUE_MODE = 0644 };

const char *keeper_path(struct buf *out, const char *data, const char *part)
{
	buf_clear(out);
	buf_fmt(out, "%s/%s", data, part);
	return buf_c(out);
}

/* Every part's migrations, in the order of their versions. */
static const struct {
	const struct db_migration *rows;
	size_t n;
} migrations[] = {
	{ evidence_migrations, EVIDENCE_MIGRATIONS },
	{ audit_migrations, AUDIT_MIGRATIONS },
	{ registry_migrations, REGISTRY_MIGRATIONS },
	{ decision_migrations, DECISION_MIGRATIONS },
	{ model_migrations, MODEL_MIGRATIONS },
};
enum {
	MIGRATIONS_IN_ALL = EVIDENCE_MIGRATIONS + AUDIT_MIGRATIONS + REGISTRY_MIGRATIONS +
			    DECISION_MIGRATIONS + MODEL_MIGRATIONS
};

static enum err migrate(struct db *db, int64_t now_s, struct why *why)
{
	struct db_migration all[MIGRATIONS_IN_ALL];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(migrations); i++) {
		for (size_t j = 0; j < migrations[i].n; j++)
			all[n++] = migrations[i].rows[j];
	}
	must(n == ARRAY_LEN(all));
	return db_migrate(db, all, n, now_s, why);
}

enum err keeper_catalogue_keep(const char *data, const char *installed, struct why *why)
{
	CLEANUP(buf_done) struct buf now = { 0 };
	CLEANUP(buf_done) struct buf before = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct why ignored;

	TRY(file_read(installed, CATALOGUE_BYTES_MAX, &now, why));
	(void)keeper_path(&path, data, KEEPER_CATALOGUE_FILE);
	if (file_read(buf_c(&path), CATALOGUE_BYTES_MAX, &before, &ignored) == OK &&
		str_eq(buf_view(&now), buf_view(&before)))
		return OK;
	return file_replace(buf_c(&path), buf_view(&now), CATALOGUE_MODE, why);
}

enum err keeper_catalogue_open(const char *data, struct feed_catalogue *out, struct why *why)
{
	CLEANUP(buf_done) struct buf file = { 0 };
	enum err err;

	*out = (struct feed_catalogue){ 0 };
	err = catalogue_load(out, keeper_path(&file, data, KEEPER_CATALOGUE_FILE), why);
	if (err == OK && access(keeper_path(&file, data, KEEPER_FEEDS_FILE), R_OK) == 0)
		err = catalogue_load(out, buf_c(&file), why);
	if (err != OK)
		catalogue_done(out);
	return err;
}

/* What the catalogue says of its sources goes into the store, for every reader of it. */
static enum err sources_note(struct keeper *keeper, struct why *why)
{
	int64_t now_s = clock_now_s(keeper->clock);

	for (size_t i = 0; i < keeper->catalogue.n; i++) {
		const struct feed_definition *feed = &keeper->catalogue.feeds[i];
		struct source_properties properties = feed_properties(feed);

		TRY(source_set(keeper->db, feed->name, &properties, now_s, why));
	}
	return OK;
}

const struct rules *keeper_rules(const struct keeper *keeper)
{
	return keeper->scoring.rules;
}

enum err keeper_sources_reload(struct keeper *keeper, struct str name, struct why *why)
{
	for (size_t i = 0; i < keeper->scoring.sources.n; i++) {
		if (str_eq(keeper->scoring.sources.rows[i].name, name))
			return OK;
	}
	return scoring_reload_sources(
		&keeper->scoring, keeper->db, clock_now_s(keeper->clock), why);
}

static enum err open_parts(struct keeper *keeper, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	TRY(keeper_catalogue_open(keeper->data, &keeper->catalogue, why));
	config_store_url(&keeper->config, &text);
	TRY(db_open(buf_c(&text), DB_READ_WRITE, &keeper->db, why));
	TRY(migrate(keeper->db, clock_now_s(keeper->clock), why));
	TRY(snapshot_key_load_or_make(
		keeper_path(&text, keeper->data, KEEPER_KEYS_FOLDER), &keeper->key, why));
	TRY(sources_note(keeper, why));
	return scoring_load(keeper->db, clock_now_s(keeper->clock), 0, &keeper->scoring, why);
}

enum err keeper_open(struct keeper *out, const char *data, const struct clock *clock,
	struct str settings_json, struct why *why)
{
	enum err err;

	*out = (struct keeper){ .data = data, .clock = clock };
	config_init(&out->config);
	err = config_from_json(&out->config, settings_json, why);
	if (err == OK)
		err = open_parts(out, why);
	if (err != OK)
		keeper_close(out);
	return err;
}

void keeper_close(struct keeper *keeper)
{
	snapshot_live_close(&keeper->live);
	scoring_done(&keeper->scoring);
	catalogue_done(&keeper->catalogue);
	db_close(&keeper->db);
	config_done(&keeper->config);
	*keeper = (struct keeper){ 0 };
}

enum err keeper_reload(struct keeper *keeper, struct str settings_json, struct why *why)
{
	struct feed_catalogue catalogue = { 0 };
	struct config config;
	enum err err;

	config_init(&config);
	err = config_from_json(&config, settings_json, why);
	if (err == OK)
		err = keeper_catalogue_open(keeper->data, &catalogue, why);
	if (err != OK) {
		config_done(&config);
		return err;
	}
	config_done(&keeper->config);
	keeper->config = config;
	catalogue_done(&keeper->catalogue);
	keeper->catalogue = catalogue;
	TRY(sources_note(keeper, why));
	return scoring_reload_sources(
		&keeper->scoring, keeper->db, clock_now_s(keeper->clock), why);
}

enum err keeper_init_data(
	const char *data, const struct config *config, const struct clock *clock, struct why *why)
{
	static const char *const folders[] = { SNAPSHOT_FOLDER, KEEPER_SPOOL_FOLDER,
		KEEPER_STORE_FOLDER, KEEPER_KEYS_FOLDER, "run" };
	CLEANUP(db_close) struct db *db = NULL;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct snapshot_key key;

	TRY(folder_make(data, DATA_MODE, why));
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		TRY(folder_make(keeper_path(&text, data, folders[i]), DATA_MODE, why));
	buf_clear(&text);
	config_store_url(config, &text);
	TRY(db_open(buf_c(&text), DB_READ_WRITE, &db, why));
	TRY(migrate(db, clock_now_s(clock), why));
	return snapshot_key_load_or_make(keeper_path(&text, data, KEEPER_KEYS_FOLDER), &key, why);
}
