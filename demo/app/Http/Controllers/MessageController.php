<?php

// SPDX-License-Identifier: MIT

namespace App\Http\Controllers;

use App\Events\MessageRead;
use App\Events\MessageSent;
use App\Models\Message;
use App\Models\User;
use App\Rules\FitsIntoAnEvent;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Validation\Rule;

class MessageController extends Controller
{
    public function sendMessage(Request $request): JsonResponse
    {
        $validated = $request->validate([
            'receiver_id' => ['required', 'integer', Rule::exists('users', 'id'), Rule::notIn([$request->user()->id])],
            'content' => ['required', 'string', 'max:'.Message::MAX_LENGTH, new FitsIntoAnEvent],
            'client_id' => ['nullable', 'string', 'max:32'],
        ], [
            'required' => __('chat.errors.refused'),
            'integer' => __('chat.errors.refused'),
            'string' => __('chat.errors.refused'),
            'exists' => __('chat.errors.refused'),
            'not_in' => __('chat.errors.refused'),
            'client_id.max' => __('chat.errors.refused'),
            'content.required' => __('chat.errors.empty'),
            'content.max' => __('chat.errors.too_long'),
        ]);

        $message = $this->store($validated + ['sender_id' => $request->user()->id]);
        $message->setRelation('sender', $request->user());

        $event = new MessageSent($message);
        if ($message->wasRecentlyCreated) {
            broadcast($event)->toOthers();
        }

        return response()->json($event->broadcastWith(), $message->wasRecentlyCreated ? 201 : 200);
    }

    /**
     * Once, also if the page sends it again because the answer was lost on the way.
     *
     * @param array<string, mixed> $values
     */
    private function store(array $values): Message
    {
        return isset($values['client_id'])
            ? Message::createOrFirst(['sender_id' => $values['sender_id'], 'client_id' => $values['client_id']], $values)
            : Message::create($values);
    }

    /** Marks this message and what its sender wrote before it as read. */
    public function markAsRead(Request $request, Message $message): JsonResponse
    {
        abort_unless($message->receiver_id === $request->user()->id, 403);

        $changed = Message::where('sender_id', $message->sender_id)
            ->where('receiver_id', $message->receiver_id)
            ->where('id', '<=', $message->id)
            ->whereNull('read_at')
            ->update(['read_at' => now()]);

        if ($changed > 0) {
            broadcast(new MessageRead($message->refresh()))->toOthers();
        }

        return response()->json(['message_id' => $message->id, 'changed' => $changed]);
    }

    /** What came after the message `after`, for polling and for catching up. */
    public function list(Request $request): JsonResponse
    {
        $after = (int) $request->validate(['after' => ['required', 'integer', 'min:0']])['after'];
        $me = $request->user();

        $messages = Message::involving($me)->with('sender')
            ->where('id', '>', $after)->orderBy('id')->limit(Message::LIST_LIMIT)->get();

        return response()->json([
            'messages' => $messages->map(fn (Message $message) => (new MessageSent($message))->broadcastWith()),
            'more' => $messages->count() === Message::LIST_LIMIT,
            'read' => Message::lastReadByReceiver($me),
            'unread' => Message::unreadBySender($me),
        ]);
    }

    /** One page of the conversation with $user, older than the message `before`. */
    public function history(Request $request, User $user): JsonResponse
    {
        $before = $request->validate(['before' => ['nullable', 'integer', 'min:1']])['before'] ?? null;

        return response()->json(['messages' => Message::page($request->user(), $user, $before)]);
    }
}
