// SPDX-License-Identifier: MIT
//
// Dates as the page's language writes them and in the browser's own time zone.

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEK_DAYS = 6;

export class Times {
    constructor(language, texts) {
        this.texts = texts;
        this.clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
        this.weekday = new Intl.DateTimeFormat(language, { weekday: 'long' });
        this.date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
        this.longDate = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
        this.full = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' });
    }

    time(iso) {
        return this.clock.format(new Date(iso));
    }

    whole(iso) {
        return this.full.format(new Date(iso));
    }

    // For a separator between two days.
    day(iso) {
        return this.named(iso) ?? capital(this.longDate.format(new Date(iso)));
    }

    // For the list of people, where there is little room.
    short(iso) {
        const days = daysAgo(iso);
        if (days === 0) {
            return this.time(iso);
        }
        if (days > 1 && days <= WEEK_DAYS) {
            return capital(this.weekday.format(new Date(iso)));
        }

        return this.named(iso) ?? this.date.format(new Date(iso));
    }

    named(iso) {
        return { 0: this.texts.today, 1: this.texts.yesterday }[daysAgo(iso)];
    }
}

export function dayOf(iso) {
    return new Date(iso).toDateString();
}

function daysAgo(iso) {
    return Math.round((new Date().setHours(0, 0, 0, 0) - new Date(iso).setHours(0, 0, 0, 0)) / DAY_MS);
}

function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
}
