/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the tests of the store make their stores: a temporary folder for SQLite, a private
 * PostgreSQL server of our own for PostgreSQL (Unix socket only, ended with the test). Whatever
 * goes wrong here ends the test program.
 */
#pragma once

#include "base/buf.h"

struct place;

enum { PLACE_SKIP = 77 }; /* Meson's exit code for "not here" */

/* driver is "sqlite" or "postgresql"; NULL where PostgreSQL is not installed. */
struct place *place_start(const char *driver);
void place_stop(struct place **place); /* for CLEANUP */

/* The URL of a new, empty store; borrowed until the place stops. */
const char *place_fresh(struct place *place);
/* The same on a device of so many bytes; NULL where that cannot be had (no root, no mounts). */
const char *place_fresh_small(struct place *place, size_t bytes);
/* Cuts all connections to the store of url; false where there are none to cut. */
bool place_cut(struct place *place, const char *url);
/* Damages the stored bytes of url; false where the place cannot. */
bool place_damage(struct place *place, const char *url);
const char *place_folder(const struct place *place);
