/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands to keeper (keeper/command.h has their names and arguments). A handler in LANE_COMMAND
 * writes one; the request then waits, and the result of the reply becomes its answer.
 */
#pragma once

#include "web/request.h"

/* Arguments are written as members of the object that is open then. */
struct json_writer command_begin(struct request *request, const char *name);
void command_end(struct json_writer *json);
