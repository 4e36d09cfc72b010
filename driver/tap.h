/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who watches what a driver does to a board: every setting it writes, every sample it hands over.
 *
 * The functions are called where the hardware is about to be touched, with what it is about to get, from the
 * thread that plays; outputs that are fed on their own push from threads of their own, one for each. They must
 * not call the driver. On a bench of several boards devices are "BOARD/DEVICE". */
#ifndef OAC_DRIVER_TAP_H
#define OAC_DRIVER_TAP_H

#include <stddef.h>

#include "driver/board.h"

struct oac_tap {
    void *context;
    /* An output plays a role from now on: its codes are v0_v + lsb_v * code [V] at the rate in use. */
    void (*bound)(void *context, const struct oac_board_port *port, const char *role,
                  double v0_v, double lsb_v);
    /* place: "device/channel.attribute" */
    void (*wrote)(void *context, const char *place, const char *value);
    /* `samples` native samples of one channel, `step_bytes` apart. */
    void (*pushed)(void *context, const char *device, const char *channel, size_t samples,
                   const void *first, size_t step_bytes);
};

#endif
