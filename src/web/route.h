/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one table of what the API offers: from it come the routing, the permission check, the check
 * of parameters and /v1/openapi.json.
 */
#pragma once

#include "base/json_read.h"

struct request;

typedef enum err (*request_handler)(struct request *request, struct why *why);

enum parameter_type { PARAMETER_TEXT, PARAMETER_NUMBER, PARAMETER_FLAG, PARAMETER_WORD };

struct parameter {
	const char *name;
	enum parameter_type type;
	int64_t least; /* PARAMETER_NUMBER */
	int64_t most;
	const char *words; /* PARAMETER_WORD: "asc desc" */
	const char *summary;
	bool is_required;
};

enum { ROUTE_PARAMETERS_MAX = 8, ROUTE_MEMBERS_MAX = 8 };

/* A member of the JSON object that a command's body is. */
struct body_member {
	const char *name;
	enum json_type type; /* JSON_REAL takes whole numbers, too */
	bool is_needed;
	const char *summary;
};

/* A route that is a command of keeper's with the body's members as arguments (serve_command). */
struct route_command {
	const char *name;
	const char *capture; /* the argument that the pattern's braces give; NULL: none */
	bool is_number;      /* of capture */
	struct body_member members[ROUTE_MEMBERS_MAX]; /* up to the one without name */
};

enum route_lane {
	LANE_DIRECT,   /* the event thread: snapshot only, microseconds */
	LANE_STORE,    /* a reader thread */
	LANE_EVIDENCE, /* a reader thread when the parameter evidence is set, else the event thread
			*/
	LANE_COMMAND,  /* the event thread writes a command, the reply finishes the request */
	LANE_EVENTS    /* an event stream */
};

struct route {
	const char *method; /* GET stands for HEAD too */
	const char *pattern;
	uint32_t permission; /* one of enum token_permission's bits is enough; 0: everybody */
	enum route_lane lane;
	request_handler handle;
	unsigned success; /* the status of a good answer */
	const char *name; /* operationId */
	const char *summary;
	const char *capture;  /* what the braces take, for people */
	const char *body;     /* content types it takes, separated by spaces; NULL: no body */
	const char *answer;   /* name of the schema of a 200 answer; NULL: not JSON */
	const char *produces; /* content types of a 200 answer, separated by spaces */
	struct parameter parameters[ROUTE_PARAMETERS_MAX]; /* up to the one without name */
	const struct route_command *command;               /* of serve_command; else NULL */
};

extern const struct route routes[];
extern const size_t route_count;

struct arena;
struct target;

/*
 * The route of a method and target. NULL: none; then *allow is the list of methods that the path
 * has ("GET, HEAD"), empty when nobody knows the path.
 */
const struct route *route_find(struct str method, const struct target *target, struct arena *arena,
	struct str *capture, struct str *allow);

/* May its body not be left out? */
bool route_needs_body(const struct route *route);

/* ERR_USAGE names the parameter that is unknown, missing or out of its range. */
NODISCARD enum err route_check_parameters(
	const struct route *route, const struct target *target, struct why *why);
