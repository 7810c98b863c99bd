<?php

// SPDX-License-Identifier: MIT

namespace App\Http\Controllers;

use App\Events\MessageSent;
use App\Models\Message;
use App\Models\User;
use Illuminate\Http\Request;
use Illuminate\Support\Collection;
use Illuminate\View\View;

/** The conversation page: the people on the left, one conversation on the right. */
class ChatController extends Controller
{
    public function show(Request $request, ?User $user = null): View
    {
        $me = $request->user();
        abort_if($user?->is($me), 404);

        // Taken before anything is read: a message that comes in between is fetched again, not missed.
        $lastId = Message::lastIdFor($me);

        return view('chat', ['state' => [
            'me' => $me->profile(),
            'people' => $this->peopleFor($me),
            'open' => $user?->id,
            'messages' => $user ? Message::page($me, $user) : [],
            'pageSize' => Message::PAGE,
            'lastId' => $lastId,
            'maxLength' => Message::MAX_LENGTH,
            'texts' => __('chat.page'),
        ]]);
    }

    /**
     * Everybody else, who spoke last first, with the last message and how many are unread.
     *
     * @return Collection<int, array<string, mixed>>
     */
    private function peopleFor(User $me): Collection
    {
        $last = Message::lastOfEachConversation($me);
        $unread = Message::unreadBySender($me);

        return User::whereKeyNot($me->id)->orderBy('name')->get()
            ->map(fn (User $person) => $person->profile() + [
                'last' => $last->has($person->id) ? (new MessageSent($last[$person->id]))->broadcastWith() : null,
                'unread' => $unread->get($person->id, 0),
            ])
            ->sortByDesc(fn (array $person) => $person['last']['id'] ?? 0)
            ->values();
    }
}
