<?php

return [

    'title' => 'Clairon chat',

    'login' => [
        'heading' => 'Who are you today?',
        'lead' => 'Open this page in two windows, pick one person in each, and talk.',
        'as' => 'Continue as :name',
        'or' => 'or with an e-mail address',
        'email' => 'E-mail',
        'password' => 'Password',
        'remember' => 'Stay logged in',
        'submit' => 'Log in',
        'failed' => 'This e-mail address and password do not belong together.',
        'hint' => 'Everybody in this demo has the password ":password".',
    ],

    'errors' => [
        'empty' => 'Write something first.',
        'too_long' => 'This message is too long. Please send it in parts.',
        'refused' => 'This message could not be accepted.',
    ],

    // Texts for the scripts of the conversation page.
    'page' => [
        'app' => 'Clairon',
        'people' => 'People',
        'search' => 'Search people',
        'no_person_found' => 'Nobody of that name.',
        'logout' => 'Log out',
        'sound_on' => 'Sound is on',
        'sound_off' => 'Sound is off',
        'back' => 'Back to the list',
        'online' => 'online',
        'offline' => 'offline',
        'typing' => 'typing…',
        'is_typing' => ':name is typing…',
        'you' => 'You:',
        'unread' => ':count unread',
        'today' => 'Today',
        'yesterday' => 'Yesterday',
        'sent' => 'Sent',
        'seen' => 'Read',
        'sending' => 'Sending…',
        'failed' => 'Not sent.',
        'retry' => 'Try again',
        'placeholder' => 'Write a message',
        'send' => 'Send',
        'messages_with' => 'Messages with :name',
        'older' => 'Show older messages',
        'newer' => 'New messages',
        'begin' => 'No messages yet',
        'begin_hint' => 'Say hello to :name. It arrives while you are still looking.',
        'choose' => 'Choose somebody to talk to',
        'choose_hint' => 'Your conversations stay up to date by themselves.',
        'nothing_said' => 'No messages yet',
        'away' => 'Live connection lost: checking every 5 s',
        'signed_out' => 'You have been logged out.',
        'log_in_again' => 'Log in again',
        'load_failed' => 'The messages could not be loaded.',
        'too_long' => 'This message is too long. Please send it in parts.',
    ],

];
