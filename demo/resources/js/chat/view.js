// SPDX-License-Identifier: MIT
//
// The conversation page as a whole: which of its parts is shown, the header, the composer, the banner
// and the window's title. The list of people and the thread of messages have files of their own.

import { el, say } from './dom';
import { PeopleList, presence } from './people';
import { Thread } from './thread';
import { Times } from './times';

export class ChatView {
    constructor(root, texts) {
        this.root = root;
        this.texts = texts;
        this.times = new Times(writtenAs(root.documentElement.lang), texts);
        this.part = (id) => root.getElementById(id);
        this.drafts = new Map();
    }

    connect(system) {
        this.system = system;
        this.me = system.me;
        const shared = { texts: this.texts, times: this.times, me: this.me };
        this.people = new PeopleList(this.root, { ...shared, onOpen: (id) => system.openConversation(id) });
        this.thread = new Thread(this.root, {
            ...shared,
            onOlder: () => system.loadOlder(system.open),
            onRetry: (message) => system.retry(message),
        });
        this.part('retry-load').addEventListener('click', () => system.loadOlder(system.open));
        this.part('back').addEventListener('click', (event) => {
            event.preventDefault();
            system.openConversation(null);
        });
        this.connectComposer();
        this.connectSound(system.sound);
    }

    connectComposer() {
        this.text = this.part('text');
        this.part('composer').addEventListener('submit', (event) => {
            event.preventDefault();
            this.send();
        });
        this.text.addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
                event.preventDefault();
                this.send();
            }
        });
        this.text.addEventListener('input', () => {
            this.fitComposer();
            this.system.whisperTyping(this.text.value.trim() !== '');
        });
    }

    connectSound(sound) {
        const button = this.part('sound');
        const show = (muted) => {
            button.setAttribute('aria-pressed', String(!muted));
            button.title = muted ? this.texts.sound_off : this.texts.sound_on;
            button.setAttribute('aria-label', button.title);
        };
        button.addEventListener('click', () => show(sound.toggle()));
        show(sound.muted);
    }

    send() {
        const content = this.text.value.trim();
        if (content !== '') {
            this.text.value = '';
            this.fitComposer();
            this.text.focus();
            this.system.sendMessage(content);
        }
    }

    // As high as the text in it, up to what the style sheet allows.
    fitComposer() {
        this.text.style.height = 'auto';
        this.text.style.height = `${this.text.scrollHeight}px`;
        this.part('send').disabled = this.text.value.trim() === '';
    }

    showNothing() {
        this.keepDraft(null);
        this.root.body.dataset.view = 'list';
        this.part('conversation').hidden = true;
        this.part('welcome').hidden = false;
    }

    showConversation(person, conversation) {
        this.root.body.dataset.view = 'conversation';
        this.part('conversation').hidden = false;
        this.part('welcome').hidden = true;
        this.keepDraft(person.id);
        this.part('with-name').textContent = person.name;
        this.part('with-avatar').src = person.avatar;
        this.part('empty-hint').textContent = say(this.texts.begin_hint, { name: person.name });
        this.thread.open(conversation, person);
        if (window.matchMedia('(hover: hover)').matches) {
            this.text.focus({ preventScroll: true });
        }
    }

    // What is half written stays with the person it is for.
    keepDraft(next) {
        this.drafts.set(this.draftOf ?? null, this.text.value);
        this.draftOf = next;
        this.text.value = this.drafts.get(next) ?? '';
        this.fitComposer();
    }

    showMessages(conversation, how) {
        this.thread.show(conversation, how);
    }

    hasMessage(id) {
        return this.thread.hasMessage(id);
    }

    rename(key, id) {
        this.thread.rename(key, id);
    }

    showPeople(people, open) {
        this.people.show(people, open);
        this.showTitle(people);
        const person = people.find(({ id }) => id === open);
        if (person) {
            this.showPresence(person);
        }
    }

    showPresence(person) {
        const status = this.part('with-status');
        status.textContent = presence(person, this.texts);
        status.classList.toggle('is-online', person.online === true);
        this.part('typing').hidden = !person.typing;
        this.part('typing-name').textContent = person.typing ? say(this.texts.is_typing, { name: person.name }) : '';
    }

    showTitle(people) {
        const unread = people.reduce((sum, person) => sum + person.unread, 0);
        this.root.title = (unread > 0 ? `(${unread}) ` : '') + this.texts.app;
    }

    showAway(isAway) {
        this.part('banner').hidden = !isAway;
        this.part('banner-text').textContent = isAway ? this.texts.away : '';
    }

    showSignedOut() {
        this.part('banner').hidden = false;
        this.part('banner-text').replaceChildren(
            `${this.texts.signed_out} `,
            el('a', { href: '/login' }, this.texts.log_in_again),
        );
    }
}

// The page knows "en"; the browser may want British or American times.
function writtenAs(language) {
    return navigator.languages.find((wanted) => wanted.split('-')[0] === language) ?? language;
}
