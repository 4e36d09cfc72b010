/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which ports of a board can play which part in a bench, and what a bench still lacks.
 *
 *     weight    drives the weight modulator of one wavelength     client    drives the modulator of all of them
 *     readout   hears one detector                                gate      resets an integrator, constant voltage
 * A port plays weight, client or readout when light's drive fits it: constant voltages pass (DC-coupled) or a
 * subcarrier carries them; with a rig, its slots are a whole number of samples at a rate at which the port's codes
 * reach the rig's voltages. Fewer bits than the rig assumes, and limits that cut its range, are remarks. */
#ifndef OAC_DRIVER_ROLES_H
#define OAC_DRIVER_ROLES_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/board.h"
#include "sim/rig.h"

enum oac_role { OAC_ROLE_WEIGHT, OAC_ROLE_CLIENT, OAC_ROLE_READOUT, OAC_ROLE_GATE, OAC_ROLES };
extern const char *const oac_role_names[OAC_ROLES]; /* "weight" ... */

#define OAC_ROLES_NOTE_BYTES  240u
#define OAC_ROLES_MISSING_MAX 4u

struct oac_roles {
    bool plays[OAC_BOARD_PORTS_MAX][OAC_ROLES];
    char note[OAC_BOARD_PORTS_MAX]
             [OAC_ROLES_NOTE_BYTES]; /* why not, or under which condition; "" */
    size_t needed[OAC_ROLES];
    size_t missing; /* lines of what a bench needs beyond this board */
    char missing_text[OAC_ROLES_MISSING_MAX][OAC_ROLES_NOTE_BYTES];
};

/* rig NULL: one wavelength, any rate and voltage. Pure. */
void oac_roles_find(const struct oac_board *board, const struct oac_rig *rig,
                    struct oac_roles *roles);

#endif
