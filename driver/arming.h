/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether an output may be driven: a real one asks to be armed the first time.
 *
 * What is armed is a plan: a device, what it is used for, and the ports with the voltages that may reach them.
 * `--arm` records the plan; the same plan is not asked for again, any other is: another board, another
 * port, a wider range. A record is one small text file, named after the SHA-256 of the plan, in
 * $XDG_STATE_HOME/oac/armed or ~/.local/state/oac/armed; removing it disarms. Benches that state themselves
 * virtual, and boards whose profile says `harmless`, need none: their drivers do not come here. */
#ifndef OAC_DRIVER_ARMING_H
#define OAC_DRIVER_ARMING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "driver/tap.h"

struct oac_drive {             /* how outputs may be driven */
    bool arm;                  /* the user said --arm */
    const char *directory;     /* of the records; NULL: as above */
    const char *command;       /* as typed, for the message; may be NULL */
    const struct oac_tap *tap; /* watches; NULL: nobody */
    const struct oac_sink
        *sink; /* hears when the safe state could not be reached; may be NULL */
};

struct oac_arming_port {
    const char *port;
    double low_v, high_v;
};

struct oac_arming_plan {
    const char *uri;     /* for the message; not part of the plan */
    const char *device;  /* "Analog Devices M2k Rev.C (Z7010), serial 1044..." */
    const char *purpose; /* "rig m2k-bench", "by hand" */
    size_t ports;
    const struct oac_arming_port *port;
};

/* OAC_OK when the plan is armed, or is now; OAC_EUSAGE names device, ports and volts, and what to type. drive
 * NULL: nothing was said. A record that cannot be written does not stop an armed command: the sink is told. */
enum oac_status oac_arming_check(const struct oac_drive *drive,
                                 const struct oac_arming_plan *plan,
                                 struct oac_err *err) OAC_MUST_USE;

#endif
