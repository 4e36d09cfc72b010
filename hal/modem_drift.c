/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readouts on a clock of their own: the delay moves while a burst plays.
 *
 * Both clocks are steady for as long as a burst lasts, so the delay moves along a straight line from the preamble
 * in front of it to the word behind it, and every window is looked for on that line, as long as its slope makes
 * it. A burst is short enough for the line to stay within one slot. */
#include <string.h>

#include "hal/modem_state.h"

#define BURST_SLOTS  1.0 /* that the delay may move from preamble to word */
#define SMEAR_SAMPLE 1.0 /* that it may move while runs of a sequence add up */

size_t oac_modem_drift_windows(const struct oac_modem *self, size_t slots)
{
    const double drift = self->stream.caps->clock_drift;
    const double each = (double)(slots + 2 * (size_t)self->guard);
    if (!(drift > 0.0))
        return SIZE_MAX;
    const double room =
        BURST_SLOTS / drift - (double)(self->preamble.slots + oac_modem_tail(self)->slots);
    return room >= 2.0 * each ? (size_t)(room / each) : 1;
}

size_t oac_modem_drift_repeats(const struct oac_modem *self,
                               const struct oac_modem_sequence *sequence)
{
    const double drift = self->stream.caps->clock_drift;
    if (!(drift > 0.0))
        return SIZE_MAX;
    const double runs = SMEAR_SAMPLE / (drift * (double)sequence->slots *
                                        self->stream.caps->readout_samples_per_slot);
    return runs >= 2.0 ? (size_t)runs : 1;
}

/* From the middle of the preamble's first part, which the delay is of. */
static double behind(const struct oac_modem *self, double windows, size_t slots)
{
    const double parts = (double)self->preamble.parts;
    return (double)self->preamble.slots * (1.0 - 0.5 / parts) +
           windows * (double)(slots + 2 * (size_t)self->guard);
}

double oac_modem_drift_length(const struct oac_modem *self, size_t windows, size_t slots)
{
    const struct oac_modem_sequence *tail = oac_modem_tail(self);
    return behind(self, (double)windows, slots) +
           0.5 * (double)tail->slots / (double)tail->parts;
}

bool oac_modem_drift_place(const struct oac_modem *self, struct oac_workspace *work, size_t i)
{
    /* Chips keep the nominal pace, which is wrong least where the window's middle is right. */
    const bool chops = oac_modem_chops(self);
    const double into = chops ? 0.5 : 0.0;
    const double along =
        behind(self, (double)i + into, work->plan.slots) + (chops ? 0.0 : (double)self->guard);
    for (size_t k = 0; k < work->plan.rows; k++)
        work->moved_s[k] = work->delay_s[k] + along * work->drift_s[k];
    return oac_modem_plan_place(self, work->moved_s, chops ? NULL : work->drift_s, &work->plan);
}
