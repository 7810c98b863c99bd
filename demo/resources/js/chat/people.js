// SPDX-License-Identifier: MIT
//
// The list of people: who is online or typing, what was said last, how much of it is unread.

import { arrange, el, say } from './dom';

export class PeopleList {
    constructor(root, { texts, times, me, onOpen }) {
        this.list = root.getElementById('people');
        this.search = root.getElementById('search');
        this.nobody = root.getElementById('nobody');
        this.texts = texts;
        this.times = times;
        this.me = me;
        this.onOpen = onOpen;
        this.rows = new Map();
        this.search.addEventListener('input', () => this.filter());
    }

    show(people, open) {
        people.sort((one, other) => (other.last?.id ?? 0) - (one.last?.id ?? 0) || one.name.localeCompare(other.name));
        arrange(this.list, people.map((person) => this.row(person, person.id === open)));
        this.filter();
    }

    row(person, isOpen) {
        const row = this.rows.get(person.id) ?? this.newRow(person);
        const { dot, last, time, badge, link } = row.parts;

        dot.classList.toggle('is-online', person.online === true);
        dot.firstChild.textContent = presence(person, this.texts);
        last.textContent = this.lastLine(person);
        last.classList.toggle('is-typing', person.typing === true);
        time.textContent = person.last ? this.times.short(person.last.created_at) : '';
        badge.hidden = person.unread === 0;
        badge.firstChild.textContent = person.unread > 99 ? '99+' : person.unread;
        badge.lastChild.textContent = say(this.texts.unread, { count: person.unread });
        row.node.classList.toggle('is-unread', person.unread > 0);
        if (isOpen) {
            link.setAttribute('aria-current', 'true');
        } else {
            link.removeAttribute('aria-current');
        }

        return row.node;
    }

    newRow(person) {
        const dot = el('span', { class: 'dot' }, el('span', { class: 'quiet' }));
        const last = el('span', { class: 'person-last' });
        const time = el('span', { class: 'person-time' });
        const badge = el('span', { class: 'badge', hidden: true }, el('span', { 'aria-hidden': 'true' }), el('span', { class: 'quiet' }));
        const link = el('a', {
            class: 'person', href: `/chat/${person.id}`, 'data-user-id': person.id,
            onclick: (event) => this.clicked(event, person.id),
        },
        el('span', { class: 'avatar' }, el('img', { src: person.avatar, alt: '', width: 46, height: 46 }), dot),
        el('span', { class: 'person-name' }, person.name), time, last, badge);
        const row = { node: el('li', {}, link), parts: { dot, last, time, badge, link }, name: person.name };
        this.rows.set(person.id, row);

        return row;
    }

    lastLine({ typing, last }) {
        if (typing) {
            return this.texts.typing;
        }
        if (!last) {
            return this.texts.nothing_said;
        }

        return last.sender_id === this.me.id ? `${this.texts.you} ${last.content}` : last.content;
    }

    clicked(event, id) {
        if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
            event.preventDefault();
            this.onOpen(id);
        }
    }

    filter() {
        const wanted = plain(this.search.value.trim());
        let found = 0;
        this.rows.forEach(({ node, name }) => {
            node.hidden = !plain(name).includes(wanted);
            found += node.hidden ? 0 : 1;
        });
        this.nobody.hidden = found > 0;
    }
}

// While the live connection is away nobody knows who is online.
export function presence({ online }, texts) {
    return online === null || online === undefined ? '' : (online ? texts.online : texts.offline);
}

function plain(text) {
    return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
