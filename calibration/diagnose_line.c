/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings in words. */
#include <stdio.h>
#include <string.h>

#include "calibration/diagnose.h"

const char *const oac_diagnosis_names[] = {
#define OAC_DIAGNOSIS_WORD(name, word, wrong, remedy) word,
    OAC_DIAGNOSIS_LIST(OAC_DIAGNOSIS_WORD)
#undef OAC_DIAGNOSIS_WORD
        NULL};

static const char *const wrongs[] = {
#define OAC_DIAGNOSIS_WRONG(name, word, wrong, remedy) wrong,
    OAC_DIAGNOSIS_LIST(OAC_DIAGNOSIS_WRONG)
#undef OAC_DIAGNOSIS_WRONG
};

static const char *const remedies[] = {
#define OAC_DIAGNOSIS_REMEDY(name, word, wrong, remedy) remedy,
    OAC_DIAGNOSIS_LIST(OAC_DIAGNOSIS_REMEDY)
#undef OAC_DIAGNOSIS_REMEDY
};

static void describe(const struct oac_finding *finding, char *text, size_t bytes)
{
    const double x = finding->evidence;
    switch (finding->fault) {
    case OAC_DIAGNOSIS_SATURATED:
        snprintf(text, bytes, "%.0f %% of the dark readouts", 100.0 * x);
        return;
    case OAC_DIAGNOSIS_SWAPPED:
        snprintf(text, bytes, "each one's light is on the other's readout, own to other 1:%.3g",
                 1.0 / x);
        return;
    case OAC_DIAGNOSIS_DEAD_DETECTOR:
        snprintf(text, bytes, "no laser is seen by it (%.1f sigma), its own by its neighbours",
                 x);
        return;
    case OAC_DIAGNOSIS_DARK_LASER:
        snprintf(text, bytes, "no readout sees it (%.1f sigma), its own sees other lasers", x);
        return;
    case OAC_DIAGNOSIS_STILL:
        snprintf(text, bytes, "no readout sees it move (%.1f sigma), its own sees others move",
                 x);
        return;
    case OAC_DIAGNOSIS_STUCK_MODULATOR:
        snprintf(text, bytes,
                 "its light does not follow its voltage (%.2g %% of it moves over the range)",
                 100.0 * x);
        return;
    case OAC_DIAGNOSIS_DRIFT:
        snprintf(text, bytes, "at least %.0f %% of full scale rms while one sweep lasts",
                 100.0 * x);
        return;
    case OAC_DIAGNOSIS_BLIND:
        snprintf(text, bytes, "there is light, and it follows its voltage");
        return;
    case OAC_DIAGNOSIS_NO_LIGHT:
    case OAC_DIAGNOSIS_DARK_CHANNEL:
    default:
        snprintf(text, bytes, "nothing beyond %.1f sigma", x);
        return;
    }
}

static void name_channels(const struct oac_finding *finding, char *text, size_t bytes)
{
    if (finding->fault == OAC_DIAGNOSIS_NO_LIGHT)
        text[0] = '\0';
    else if (finding->fault == OAC_DIAGNOSIS_SWAPPED)
        snprintf(text, bytes, "channels %zu and %zu: ", finding->channel, finding->other);
    else
        snprintf(text, bytes, "channel %zu: ", finding->channel);
}

/* The first of each kind tells the remedy. */
void oac_findings_line(const struct oac_findings *findings, char *line, size_t bytes)
{
    size_t used = 0;
    line[0] = '\0';
    for (size_t i = 0; i < findings->count && i < OAC_FINDINGS_MAX && used < bytes; i++) {
        const struct oac_finding *finding = &findings->finding[i];
        const bool again = i > 0 && finding[-1].fault == finding->fault;
        char who[64], why[128], more[320];
        name_channels(finding, who, sizeof who);
        describe(finding, why, sizeof why);
        snprintf(more, sizeof more, "; %s", remedies[finding->fault]);
        const int n = snprintf(line + used, bytes - used, "%s%s%s: %s%s", i ? "; " : "", who,
                               wrongs[finding->fault], why, again ? "" : more);
        used += n > 0 ? (size_t)n : 0;
    }
}
