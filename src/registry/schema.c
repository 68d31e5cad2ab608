/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "registry/schema.h"

const struct db_migration registry_migrations[] = {
	{ 200, "API tokens",
		"CREATE TABLE api_token ("
		" id TEXT PRIMARY KEY,"
		" hash BYTEA NOT NULL,"
		" owner TEXT NOT NULL,"
		" permissions BIGINT NOT NULL,"
		" tlp BIGINT NOT NULL,"
		" created_s BIGINT NOT NULL,"
		" ends_s BIGINT NOT NULL,"
		" revoked_s BIGINT NOT NULL,"
		" last_used_s BIGINT NOT NULL)" },
};
_Static_assert(ARRAY_LEN(registry_migrations) == REGISTRY_MIGRATIONS, "as declared");
