/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/schema.h"

/*
 * Evidence lies in the order of (source, indicator): a sorted list is merged in one sweep, and what
 * left a list is found in one range (docs/decisions/0010).
 *
 * evidence.started    when the current listing began, as we saw it
 * evidence.ended      0 while listed; news (IMPORT_ADDITIONS) has ended at its last sighting
 * evidence.decayed_at the time of both accumulators
 * evidence.sighted    the run of the last sighting after the first one; 0: none
 * evidence.run        the run that met it last; 0: reported alone
 * evidence.changed    since when it has been known as it is; whoever changes what scores or
 *                     explanations are made of sets it and keeps the old state
 * evidence.episodes   how often it had ended before the current or last listing began
 *
 * evidence_past holds each earlier state, known from changed until just before until: disjoint and
 * in order for each claim, the last one up to evidence.changed at most. A state that lasted less
 * than a second is not kept (docs/decisions/0012).
 */
const struct db_migration evidence_migrations[EVIDENCE_MIGRATIONS] = {
	{ 1, "evidence",
		"CREATE TABLE source ("
		" id BIGINT PRIMARY KEY,"
		" name TEXT NOT NULL UNIQUE,"
		" family TEXT NOT NULL,"
		" weight DOUBLE PRECISION,"
		" created BIGINT NOT NULL);"

		"CREATE TABLE feed_state ("
		" source BIGINT PRIMARY KEY REFERENCES source (id),"
		" state TEXT NOT NULL,"
		" last_attempt BIGINT NOT NULL,"
		" last_success BIGINT NOT NULL,"
		" failures BIGINT NOT NULL,"
		" failure TEXT NOT NULL,"
		" etag TEXT NOT NULL,"
		" last_modified TEXT NOT NULL,"
		" content_hash BYTEA NOT NULL,"
		" last_run BIGINT NOT NULL);"

		"CREATE TABLE run ("
		" id BIGINT PRIMARY KEY,"
		" source BIGINT NOT NULL REFERENCES source (id),"
		" kind BIGINT NOT NULL,"
		" state TEXT NOT NULL,"
		" started BIGINT NOT NULL,"
		" finished BIGINT NOT NULL,"
		" content_hash BYTEA NOT NULL,"
		" resume TEXT NOT NULL,"
		" format TEXT NOT NULL,"
		" lines BIGINT NOT NULL,"
		" accepted BIGINT NOT NULL,"
		" refused BIGINT NOT NULL,"
		" added BIGINT NOT NULL,"
		" updated BIGINT NOT NULL,"
		" kept BIGINT NOT NULL,"
		" ended BIGINT NOT NULL,"
		" reason TEXT NOT NULL);"

		/* the batches that an unfinished run has merged, so that none counts twice */
		"CREATE TABLE run_batch ("
		" run BIGINT NOT NULL,"
		" hash BYTEA NOT NULL,"
		" PRIMARY KEY (run, hash));"

		"CREATE TABLE refusal ("
		" run BIGINT NOT NULL,"
		" position BIGINT NOT NULL,"
		" reason TEXT NOT NULL,"
		" count BIGINT NOT NULL,"
		" line BIGINT NOT NULL,"
		" sample BYTEA NOT NULL,"
		" PRIMARY KEY (run, position));"

		"CREATE TABLE evidence ("
		" source BIGINT NOT NULL,"
		" indicator BYTEA NOT NULL,"
		" role BIGINT NOT NULL,"
		" category BIGINT NOT NULL,"
		" first_seen BIGINT NOT NULL,"
		" last_seen BIGINT NOT NULL,"
		" started BIGINT NOT NULL,"
		" ended BIGINT NOT NULL,"
		" count BIGINT NOT NULL,"
		" confidence BIGINT NOT NULL,"
		" tlp BIGINT NOT NULL,"
		" reference TEXT NOT NULL,"
		" recent DOUBLE PRECISION NOT NULL,"
		" lasting DOUBLE PRECISION NOT NULL,"
		" decayed_at BIGINT NOT NULL,"
		" sighted BIGINT NOT NULL,"
		" run BIGINT NOT NULL,"
		" PRIMARY KEY (source, indicator, role, category)) " DB_CLUSTERED ";"
		"CREATE INDEX evidence_ended ON evidence (ended) WHERE ended <> 0;"

		"CREATE TABLE episode ("
		" source BIGINT NOT NULL,"
		" indicator BYTEA NOT NULL,"
		" role BIGINT NOT NULL,"
		" category BIGINT NOT NULL,"
		" started BIGINT NOT NULL,"
		" ended BIGINT NOT NULL,"
		" PRIMARY KEY (source, indicator, role, category, started)) " DB_CLUSTERED ";"
		"CREATE INDEX episode_ended ON episode (ended)" },

	{ 2, "past states of evidence, and what sources are for",
		"ALTER TABLE source ADD COLUMN purpose BIGINT NOT NULL DEFAULT 0;"
		"ALTER TABLE source ADD COLUMN rule BIGINT NOT NULL DEFAULT 0;"
		"ALTER TABLE source ADD COLUMN standing BIGINT NOT NULL DEFAULT 0;"
		"ALTER TABLE source ADD COLUMN traits BIGINT NOT NULL DEFAULT 0;"
		"ALTER TABLE source ADD COLUMN cadence BIGINT NOT NULL DEFAULT 0;"

		"ALTER TABLE evidence ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;"
		"ALTER TABLE evidence ADD COLUMN episodes BIGINT NOT NULL DEFAULT 0;"
		/* the earliest time at which the state can have been known: no time is told of
		 * what was not known then */
		"UPDATE evidence SET changed ="
		" CASE WHEN started >= ended AND started >= last_seen THEN started"
		" WHEN ended >= last_seen THEN ended ELSE last_seen END,"
		" episodes = (SELECT count(*) FROM episode e WHERE e.source = evidence.source"
		" AND e.indicator = evidence.indicator AND e.role = evidence.role"
		" AND e.category = evidence.category AND e.started < evidence.started);"

		"CREATE TABLE evidence_past ("
		" source BIGINT NOT NULL,"
		" indicator BYTEA NOT NULL,"
		" role BIGINT NOT NULL,"
		" category BIGINT NOT NULL,"
		" changed BIGINT NOT NULL,"
		" until BIGINT NOT NULL,"
		" first_seen BIGINT NOT NULL,"
		" last_seen BIGINT NOT NULL,"
		" started BIGINT NOT NULL,"
		" ended BIGINT NOT NULL,"
		" count BIGINT NOT NULL,"
		" confidence BIGINT NOT NULL,"
		" tlp BIGINT NOT NULL,"
		" reference TEXT NOT NULL,"
		" recent DOUBLE PRECISION NOT NULL,"
		" lasting DOUBLE PRECISION NOT NULL,"
		" decayed_at BIGINT NOT NULL,"
		" episodes BIGINT NOT NULL,"
		" PRIMARY KEY (source, indicator, role, category, changed)) " DB_CLUSTERED ";"
		"CREATE INDEX evidence_past_until ON evidence_past (until)" },
};
