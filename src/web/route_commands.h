/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the bodies of the routes may hold that are commands of keeper's. */
#pragma once

#include "web/route.h"

extern const struct route_command route_override_add;
extern const struct route_command route_override_approve;
extern const struct route_command route_override_refuse;
extern const struct route_command route_override_revoke;
extern const struct route_command route_policy_add;
extern const struct route_command route_policy_try;
extern const struct route_command route_policy_live;
extern const struct route_command route_model_refit;
extern const struct route_command route_model_try;
extern const struct route_command route_model_live;
extern const struct route_command route_pending_approve;
extern const struct route_command route_pending_dismiss;
extern const struct route_command route_source_change;
