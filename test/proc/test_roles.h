/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Small roles with real channels, heritage and sandboxes, for the tests of the parent. keeper lets
 * fetch fill a file, parse read it and checks what comes back, again and again; web commands
 * keeper; answer tells the newest generation to whom asks its UDP port. Words in the settings make
 * a role misbehave.
 */
#pragma once

#include "proc/role.h"

enum { TEST_ROLES = 5, TEST_PARSERS = 2, TEST_MEMORY_BYTES = 4096 };
extern const struct process_role test_roles[TEST_ROLES];
