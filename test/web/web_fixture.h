/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The web role with a store and a snapshot of known content, for tests: 192.0.2.0/24 is a scanner
 * to be blocked by sources "drop" and "secret" (TLP amber), 192.0.2.7 an allowed host,
 * 2001:db8:1::/48 a Tor exit, example.org and all below a phishing name, http://example.net/x
 * malware. Commands are carried out on the real store by a loop that stands where keeper is.
 */
#pragma once

#include "registry/token.h"
#include "snapshot/build.h"
#include "web/web.h"

struct web_fixture {
	struct web_settings settings;
	struct web *web;
	struct db *db;
	struct json_reader *json;
	uint16_t port;
	uint16_t second_port; /* another listening socket of the same server */
	int second_fd;
	char folder[256];
	char store_url[300];
	char snapshot_path[300];
	char admin[TOKEN_TEXT_LENGTH + 1];  /* every permission, TLP red */
	char read[TOKEN_TEXT_LENGTH + 1];   /* read, TLP clear */
	char report[TOKEN_TEXT_LENGTH + 1]; /* read and report, TLP green */
	struct prefix trusted[1];
	struct prefix metrics_from[1];
	uint64_t event_id;
};

/* Makes store, snapshot and tokens in folder (FOLDER/tokens holds their texts, one a line). */
void web_fixture_init(struct web_fixture *fixture, const char *folder);
void web_fixture_start(struct web_fixture *fixture);
/* Carries out what commands wait; false once stop_fd (-1: none) has ended. */
bool web_fixture_turn(struct web_fixture *fixture, int stop_fd);
void web_fixture_done(struct web_fixture *fixture);
