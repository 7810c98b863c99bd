<?php

// SPDX-License-Identifier: MIT

namespace Database\Seeders;

use App\Models\Message;
use App\Models\User;
use Illuminate\Database\Seeder;
use Illuminate\Support\Carbon;
use Illuminate\Support\Facades\Hash;

/** Two ready-made logins, a few more people and something that they have said. Does nothing twice. */
class DatabaseSeeder extends Seeder
{
    private const PEOPLE = [
        'camille' => 'Camille Moreau',
        'noah' => 'Noah Bennett',
        'aicha' => 'Aïcha Diallo',
        'kenji' => 'Kenji Tanaka',
        'lena' => 'Lena Fischer',
        'mateo' => 'Mateo Álvarez',
    ];

    /** Minutes ago, from, to, text, read. */
    private const MESSAGES = [
        [2980, 'noah', 'camille', 'Hi Camille! Are you coming on Saturday?', true],
        [2974, 'camille', 'noah', 'Of course. I am bringing the tent and far too much cheese 🧀', true],
        [2973, 'noah', 'camille', 'There is no such thing as too much cheese.', true],
        [2970, 'camille', 'noah', 'That is what I told the woman at the market.', true],
        [1510, 'noah', 'camille', 'The weather looks good: 21 degrees, a little wind from the west.', true],
        [1508, 'camille', 'noah', 'Parfait ! Shall we take the 8:40 train then?', true],
        [1507, 'camille', 'noah', 'The next one only leaves at 10:10.', true],
        [1495, 'noah', 'camille', "8:40 it is. I'll get the tickets 🎟️", true],
        [64, 'noah', 'camille', 'Tickets are here. Coach 7, seats 41 and 42, by the window.', true],
        [61, 'camille', 'noah', 'You are a hero.', true],
        [58, 'camille', 'noah', "Do we still need anything?\nI have: tent, stove, two mugs, the map.", true],
        [55, 'noah', 'camille', 'Coffee ☕', true],
        [54, 'camille', 'noah', 'Already in the bag 😄', true],

        [4330, 'aicha', 'camille', 'The translation is ready for you to look over.', true],
        [4302, 'camille', 'aicha', 'Thank you! I will read it tonight.', true],
        [2890, 'camille', 'aicha', 'It reads beautifully. Two small remarks on page 4, nothing else.', true],
        [190, 'aicha', 'camille', 'Both changed. Sending it to the printer tomorrow morning.', false],
        [189, 'aicha', 'camille', 'Fingers crossed 🤞🏾', false],

        [7300, 'camille', 'kenji', 'How was the concert?', true],
        [7200, 'kenji', 'camille', 'Loud! My ears are still ringing, in a good way 🎺', true],

        [320, 'lena', 'camille', 'Did you see where I put the projector cable?', true],
        [318, 'camille', 'lena', 'Second drawer, under the whiteboard markers.', true],
        [317, 'lena', 'camille', 'Found it, thanks!', true],

        [410, 'kenji', 'noah', 'Game night on Thursday? 🎲', false],
        [9000, 'noah', 'aicha', 'Welcome to the team!', true],
        [8990, 'aicha', 'noah', 'Thank you, happy to be here.', true],
    ];

    public function run(): void
    {
        if (User::exists()) {
            return;
        }

        $password = Hash::make(config('chat.ready_password'));
        $ids = [];
        foreach (self::PEOPLE as $login => $name) {
            $ids[$login] = User::create([
                'name' => $name,
                'email' => $login.'@example.com',
                'password' => $password,
                'avatar' => '/avatars/'.$login.'.svg',
            ])->id;
        }

        $messages = collect(self::MESSAGES)->sortByDesc(0);
        foreach ($messages as [$minutes, $from, $to, $content, $read]) {
            $at = Carbon::now()->subMinutes($minutes);
            $message = new Message([
                'sender_id' => $ids[$from],
                'receiver_id' => $ids[$to],
                'content' => $content,
                'read_at' => $read ? $at->copy()->addMinute() : null,
            ]);
            $message->timestamps = false;
            $message->forceFill(['created_at' => $at, 'updated_at' => $at])->save();
        }
    }
}
