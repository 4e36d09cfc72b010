/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Board profiles as data (driver/boards/<name>.yaml): what a converter board's IIO devices are called, what its
 * ports can do, how it is set up and how it is made safe. Both the driver and the virtual bench read them.
 *
 *     volts = v0_v + lsb_v * code     code unsigned (driver/codec.h); lsb_v may be negative (ADALM2000)
 * A profile is checked by one table (base/config.h), then its keys against each other; every error names
 * file, key, value and what was expected, and the line where one key is at fault. Keys: docs/boards.md. */
#ifndef OAC_DRIVER_BOARD_H
#define OAC_DRIVER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "driver/codec.h"

#define OAC_BOARD_NAME_BYTES 64u
#define OAC_BOARD_PORTS_MAX  16u
#define OAC_BOARD_WRITES_MAX 32u
#define OAC_BOARD_RATES_MAX  16u

struct oac_board_port {
    char name[OAC_BOARD_NAME_BYTES];   /* "dac-a" */
    char device[OAC_BOARD_NAME_BYTES]; /* IIO device, by name */
    char channel[OAC_BOARD_NAME_BYTES];
    bool output;
    bool ac_coupled, iq; /* iq: `channel` is I, `channel_q` is Q */
    char channel_q[OAC_BOARD_NAME_BYTES];
    struct oac_codec codec; /* what the profile expects; the context must agree */
    double v0_v, lsb_v;     /* nominal, at the rate and range that setup selects */
    double min_v, max_v;    /* limits that must never be exceeded */
    double safe_v;
    double ramp_v_per_s; /* slope of the way from and to the safe voltage */
    /* The rate's attribute: of rate_channel in the port's direction, "" of the device itself; rate_attribute
     * "": the rate is fixed, or nobody's business (rates 0). */
    char rate_device[OAC_BOARD_NAME_BYTES], rate_channel[OAC_BOARD_NAME_BYTES],
        rate_attribute[OAC_BOARD_NAME_BYTES];
    char trigger
        [OAC_BOARD_NAME_BYTES]; /* that paces the device; "": it has a clock of its own */
    /* Inputs, of the channel: a gain before the converter; "": it has none, or nobody's business. */
    char gain_attribute[OAC_BOARD_NAME_BYTES];
    double gain_min, gain_max;
    /* I and Q: the attribute of the frequency it mixes with [Hz], of an output channel as ADI's synthesisers are;
     * "": nobody knows. */
    char mixer_device[OAC_BOARD_NAME_BYTES], mixer_channel[OAC_BOARD_NAME_BYTES],
        mixer_attribute[OAC_BOARD_NAME_BYTES];
    size_t rates;
    double rate_hz[OAC_BOARD_RATES_MAX];
    double rate_gain
        [OAC_BOARD_RATES_MAX]; /* at rate i, volts = rate_gain[i] (v0_v + lsb_v code) */
};

struct oac_board_write { /* device[/channel].attribute = value, in order */
    char device[OAC_BOARD_NAME_BYTES], channel[OAC_BOARD_NAME_BYTES];
    bool output; /* the channel's direction */
    char attribute[OAC_BOARD_NAME_BYTES], value[OAC_BOARD_NAME_BYTES];
    bool optional; /* missing on some revisions: skip */
};

struct oac_board {
    char name[OAC_BOARD_NAME_BYTES], description[256];
    char match
        [OAC_BOARD_NAME_BYTES]; /* substring of the context's hw_model; "": by devices alone */
    size_t ports;
    struct oac_board_port port[OAC_BOARD_PORTS_MAX];
    size_t setups, safes;
    struct oac_board_write setup[OAC_BOARD_WRITES_MAX], safe[OAC_BOARD_WRITES_MAX];
    uint32_t align_samples; /* buffer lengths are a multiple of this */
    uint32_t buffer_samples_min, cyclic_samples_min;
    uint32_t kernel_buffers; /* captures to discard after a setting changed */
    bool cyclic;             /* the kernel is expected to have cyclic buffers */
    bool harmless; /* nothing can be connected to its outputs: arming is not asked for */
};

/* volts of a port's code at the profile's own rate, and the nearest code of a voltage inside the
 * port's limits and range; OAC_EINVAL names port, voltage and limit. Pure. */
double oac_board_port_volts(const struct oac_board_port *port, double code);
/* The gain that a port's filters have at a rate: of the listed rate that it is, to 1e-4; else 1. Pure. */
double oac_board_rate_gain(const struct oac_board_port *port, double rate_hz);
/* Which of a port's rates is meant: the index of the one that is wanted_hz to OAC_BOARD_RATE_NEAR, or `rates`.
 * A burst of readouts whose clock is off by that, and by two crystals of 50 ppm, moves by a slot in 1,666 slots:
 * preamble, a window of 784 and word fit, a second window does not (hal/modem_drift.c). Pure. */
#define OAC_BOARD_RATE_NEAR 5e-4
size_t oac_board_rate_find(const struct oac_board_port *port, double wanted_hz);
enum oac_status oac_board_port_code(const struct oac_board_port *port, double volts,
                                    uint16_t *code, struct oac_err *err) OAC_MUST_USE;

/* Given the name of a shipped profile or a path. */
enum oac_status oac_board_read(const char *name_or_path, struct oac_board *board,
                               struct oac_err *err) OAC_MUST_USE;
/* Calls each(context, name, path) for every shipped profile, sorted by name. */
enum oac_status oac_board_list(void (*each)(void *context, const char *name, const char *path),
                               void *context, struct oac_err *err) OAC_MUST_USE;
/* NULL when there is none. */
const struct oac_board_port *oac_board_port_find(const struct oac_board *board,
                                                 const char *name);

#endif
