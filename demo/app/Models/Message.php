<?php

// SPDX-License-Identifier: MIT

namespace App\Models;

use App\Events\MessageSent;
use Illuminate\Database\Eloquent\Builder;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\BelongsTo;
use Illuminate\Support\Collection;

class Message extends Model
{
    /** The longest message, in characters. */
    public const MAX_LENGTH = 2_000;

    /** Messages of a conversation that are shown at once. */
    public const PAGE = 30;

    /** Messages that one answer to polling carries. */
    public const LIST_LIMIT = 100;

    protected $fillable = ['sender_id', 'receiver_id', 'content', 'read_at', 'client_id'];

    protected function casts(): array
    {
        return [
            'sender_id' => 'integer',
            'receiver_id' => 'integer',
            'read_at' => 'datetime',
        ];
    }

    /** @return BelongsTo<User, $this> */
    public function sender(): BelongsTo
    {
        return $this->belongsTo(User::class, 'sender_id');
    }

    /** @param Builder<self> $query */
    public function scopeInvolving(Builder $query, User $user): void
    {
        $query->where(fn (Builder $either) => $either
            ->where('sender_id', $user->id)->orWhere('receiver_id', $user->id));
    }

    /** @param Builder<self> $query */
    public function scopeBetween(Builder $query, User $one, User $other): void
    {
        $query->where(fn (Builder $either) => $either
            ->where(fn (Builder $q) => $q->where('sender_id', $one->id)->where('receiver_id', $other->id))
            ->orWhere(fn (Builder $q) => $q->where('sender_id', $other->id)->where('receiver_id', $one->id)));
    }

    /**
     * The last messages of two users, oldest first, each with whether it was read.
     *
     * @return Collection<int, array<string, mixed>>
     */
    public static function page(User $one, User $other, ?int $before = null): Collection
    {
        return self::between($one, $other)->with('sender')
            ->when($before, fn (Builder $query) => $query->where('id', '<', $before))
            ->orderByDesc('id')->limit(self::PAGE)->get()->reverse()->values()
            ->map(fn (self $message) => (new MessageSent($message))->broadcastWith() + ['read' => $message->read_at !== null]);
    }

    public static function lastIdFor(User $user): int
    {
        return (int) self::involving($user)->max('id');
    }

    /** @return Collection<int, self> by the other user's id */
    public static function lastOfEachConversation(User $user): Collection
    {
        $ids = self::involving($user)
            ->selectRaw('max(id) as id, sender_id + receiver_id - ? as other_id', [$user->id])
            ->groupBy('other_id')->pluck('id');

        return self::with('sender')->findMany($ids)->keyBy(
            fn (self $message) => $message->sender_id + $message->receiver_id - $user->id,
        );
    }

    /** @return Collection<int, int> how many of each sender's messages $user has not read */
    public static function unreadBySender(User $user): Collection
    {
        return self::where('receiver_id', $user->id)->whereNull('read_at')
            ->groupBy('sender_id')->selectRaw('sender_id, count(*) as unread')->pluck('unread', 'sender_id');
    }

    /** @return Collection<int, int> the last of $user's messages that each receiver has read */
    public static function lastReadByReceiver(User $user): Collection
    {
        return self::where('sender_id', $user->id)->whereNotNull('read_at')
            ->groupBy('receiver_id')->selectRaw('receiver_id, max(id) as id')->pluck('id', 'receiver_id');
    }
}
