/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shapes of answers, for /v1/openapi.json. The tests hold real answers against them; objects
 * have no members but these.
 *
 * A type is string, integer, number, boolean, date, time, any, or the name of a schema; "[type]" is
 * an array, "{type}" an object with any keys; a "?" behind it allows null, a "~" before it means
 * that the member may be absent.
 */
#pragma once

#include "base/json_write.h"

enum { SCHEMA_FIELDS_MAX = 24 };

struct schema {
	const char *name;
	struct {
		const char *name;
		const char *type;
		const char *summary;
	} fields[SCHEMA_FIELDS_MAX]; /* up to the one without name */
};

extern const struct schema schemas[];
extern const size_t schema_count;

/* A schema object for a type of the language above. */
void schema_write_type(struct json_writer *json, struct str type);
/* One of the table, or the row or page of a list. */
bool schema_exists(struct str name);
/* The object components.schemas of OpenAPI. */
void schemas_write(struct json_writer *json);
