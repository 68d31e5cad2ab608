/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decision/schema.h"

/*
 * Nothing is ever deleted here: who decided what, and when it was in force, is what past verdicts
 * are replayed with.
 *
 * override.starts  0 while it waits for a second person, and for ever when that one refused
 * policy_reign     when a version was the live one of its name; live_until 0: it is
 */
const struct db_migration decision_migrations[DECISION_MIGRATIONS] = {
	{ 300, "decisions",
		"CREATE TABLE override ("
		" id BIGINT PRIMARY KEY,"
		" indicator BYTEA NOT NULL,"
		" is_allow BIGINT NOT NULL,"
		" owner TEXT NOT NULL,"
		" reason TEXT NOT NULL,"
		" second_reason TEXT NOT NULL,"
		" made BIGINT NOT NULL,"
		" made_by TEXT NOT NULL,"
		" ends BIGINT NOT NULL,"
		" decided BIGINT NOT NULL,"
		" decided_by TEXT NOT NULL,"
		" revoked BIGINT NOT NULL,"
		" revoked_by TEXT NOT NULL,"
		" starts BIGINT NOT NULL);"
		"CREATE INDEX override_indicator ON override (indicator);"
		"CREATE INDEX override_ends ON override (ends);"

		"CREATE TABLE policy_version ("
		" id BIGINT PRIMARY KEY,"
		" name TEXT NOT NULL,"
		" text TEXT NOT NULL,"
		" note TEXT NOT NULL,"
		" made BIGINT NOT NULL,"
		" made_by TEXT NOT NULL);"
		"CREATE TABLE policy_reign ("
		" id BIGINT PRIMARY KEY,"
		" policy BIGINT NOT NULL REFERENCES policy_version (id),"
		" live_from BIGINT NOT NULL,"
		" live_until BIGINT NOT NULL,"
		" live_by TEXT NOT NULL);"
		"CREATE INDEX policy_reign_policy ON policy_reign (policy);"

		"CREATE TABLE pending ("
		" id BIGINT PRIMARY KEY,"
		" kind BIGINT NOT NULL,"
		" subject TEXT NOT NULL,"
		" summary TEXT NOT NULL,"
		" detail TEXT NOT NULL,"
		" raised BIGINT NOT NULL,"
		" refreshed BIGINT NOT NULL,"
		" closed BIGINT NOT NULL,"
		" closed_by TEXT NOT NULL,"
		" outcome TEXT NOT NULL,"
		" note TEXT NOT NULL);"
		"CREATE UNIQUE INDEX pending_open ON pending (kind, subject) WHERE closed = 0;"
		"CREATE INDEX pending_subject ON pending (kind, subject, id)" },
};
