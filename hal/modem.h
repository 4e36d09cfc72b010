/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modem: turns a stream (samples on ports) into a link (frames of codes).
 *
 * A window becomes a segment: guard slots at the dark codes, the slots held (or shaped) over the DAC samples
 * each takes, guard slots again. What a window's readout is depends on the receiver:
 *     integrator  gate open for exactly the window, one conversion after it closes; minus the one just after
 *                 it opened where the stream says so (reset_noise_in_start)
 *     sampled     sum of the ADC samples of the window, slot by slot, through a boxcar or a matched window; in
 *                 code units of one conversion per slot
 *     counting    the counter at the window's end
 *
 * Alignment. A preamble of two parts, each a maximum-length sequence of the light switched between dark and
 * open: first the weights' with the client open, then the client's with the weights open. Correlating the
 * captures with the sequence by FFT gives, per readout, the delay of the weights and of the client's data to a
 * fraction of a sample: delay_k is the weights', skew their difference. The skew is taken out by the setting
 * OAC_SKEW_S as far as its step goes, else by whole client samples; what remains is reported. On a
 * stream with stable delays the modem aligns once, when it opens and after a setting that moves time; otherwise
 * in every play. A play begins and ends with a short sync word in which lost samples show; windows of a burst
 * whose words do not agree are played again one by one (OAC_FLAG_REALIGNED) and flagged OAC_FLAG_LOST
 * if that fails too.
 * It uses nothing that a bench does not give it: no truth, no clock but the samples'.
 * Source: S. Golomb, Shift Register Sequences (1967); docs/modem.md. */
#ifndef OAC_HAL_MODEM_H
#define OAC_HAL_MODEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/link.h"
#include "hal/stream.h"

enum oac_slot_shape {
    OAC_SHAPE_HOLD,
    OAC_SHAPE_RETURN
}; /* full slot, or back to dark after `duty` of it */
enum oac_slot_filter { OAC_FILTER_BOXCAR, OAC_FILTER_MATCHED };

struct oac_modem_options { /* zero: hold, boxcar, align */
    enum oac_slot_shape shape;
    double duty; /* OAC_SHAPE_RETURN: 0..1 of the slot, at least one DAC sample */
    enum oac_slot_filter filter; /* sampled receivers */
    uint32_t batch_max;          /* windows per burst; 0: what the stream takes, at most 256 */
    uint64_t sync_slot0; /* bench slot of the alignment's preamble; windows must not use it */
};

struct oac_modem_alignment { /* what the preamble found */
    bool valid;
    size_t channels;
    const double *delay_s; /* (channels) of the weights' light to each ADC */
    const double *skew_s;  /* (channels) client's data against the weights, before correction */
    const double *contrast; /* (channels) correlation peak over the rms of the rest */
    double skew_applied_s, skew_left_s; /* taken out, and what its steps could not (largest) */
};

/* Takes the stream over (closing the link closes it, and so does a failure here). link->caps are the stream's
 * with what the modem decides: guard_slots, preamble_slots, conversions_per_readout. Status: OAC_EDEVICE when no
 * preamble is found on a readout, naming it, the contrast and what to check. */
enum oac_status oac_modem_open(struct oac_stream *stream,
                               const struct oac_modem_options *options, struct oac_link *link,
                               struct oac_err *err) OAC_MUST_USE;

/* Of a link made by oac_modem_open; valid until the link closes or realigns. NULL for another link. */
const struct oac_modem_alignment *oac_modem_alignment(const struct oac_link *link);

/* The stream below such a link; NULL for another link. For instruments (oac scope). */
struct oac_stream *oac_modem_stream(const struct oac_link *link);

#endif
