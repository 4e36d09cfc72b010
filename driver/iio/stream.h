/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converter boards as a stream (hal/stream.h): the rig says which port plays which role, the profile
 * what a port is.
 *
 *     rig code -> volts by the rig's DAC -> nearest board code (profile, at the rate in use) -> native
 *     native -> board code -> volts -> rig code units (float)
 * so that everything above sees the rig's converters, which are the twin of the board's. Codes outside
 * the limits of profile and converter cannot be played: code_min and code_max are cut to them.
 *
 * A burst is one train, one buffer per output device:
 *     ramp from safe | guard, start mark, guard | segments ... | room for delays | ramp to safe
 * A ramp is at least OAC_IIO_RAMP_SLOTS long and no steeper than the port's ramp_v_per_s.
 * What lies between a push and its samples differs from run to run. Inputs are read continuously until
 * the start mark, a maximum-length sequence of light on all channels, is found in them (normalised
 * correlation of at least OAC_IIO_MARK_LEAST); the rest of the train follows it sample by sample. What
 * remains, less than two slots, is the modem's: delay_stable is false.
 * A lost buffer or connection is opened again and the train played again, three times in all; a bench
 * that shows no mark for a second is not.
 * The receiver's gain is a setting where the ports have one (gain_attribute).
 * Several boards make one bench (driver/bench_boards.h), each in a session of its own. All may hear, because
 * every input finds the mark for itself; a board that only hears is set up as far as its inputs go. Weights are
 * on one board; a client on another, which does not start together with it, is fitted to them (stream_apart.c).
 * Not done: other settings (laser, bias: by hand), AC-coupled and I/Q ports, gated receivers. */
#ifndef OAC_DRIVER_IIO_STREAM_H
#define OAC_DRIVER_IIO_STREAM_H

#include <stdint.h>

#include "base/status.h"
#include "driver/arming.h"
#include "hal/stream.h"
#include "sim/rig.h"

#define OAC_IIO_MARK_LEAST 0.8

/* uri: one, or NAME=URI of each board; NULL or "" takes the rig's iio.uri. rig_hash (32) as in sim/analytic.h.
 * drive: whether real outputs may be driven, and who watches; what it points to must outlive the stream. NULL:
 * unarmed. Sets the boards up; their outputs are made safe when the stream is closed; where that fails,
 * drive->sink is told. */
enum oac_status oac_iio_stream_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                    const char *uri, const struct oac_drive *drive,
                                    struct oac_stream *stream,
                                    struct oac_err *err) OAC_MUST_USE;

#endif
