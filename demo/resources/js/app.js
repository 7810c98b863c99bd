// SPDX-License-Identifier: MIT
//
// Entry of the conversation page: reads what the server rendered into it and starts the chat.

import './bootstrap';
import { ChatView } from './chat/view';
import { Sound } from './chat/sound';
import { MessagingSystem } from './messaging';

const state = document.getElementById('chat-state');

if (state) {
    const { texts, ...data } = JSON.parse(state.textContent);
    const view = new ChatView(document, texts);
    // Another login in another tab changes the session under this page: its requests then must fail.
    window.axios.defaults.headers.common['X-Chat-User'] = data.me.id;

    window.messaging = new MessagingSystem({
        echo: window.Echo,
        http: window.axios,
        view,
        sound: new Sound(),
        state: data,
    });
    window.messaging.start();
}
