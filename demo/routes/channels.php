<?php

use App\Models\User;
use Illuminate\Support\Facades\Broadcast;

// Ids are compared as text: "7" is the user 7, while "07", "7x" and "7\n" are nobody.

/** Messages and read receipts of one user: for that user alone. */
Broadcast::channel('conversation.{userId}', function (User $user, string $userId) {
    return (string) $user->id === $userId;
});

/** Typing between two users, the lower id first: for those two alone. */
Broadcast::channel('chat.{low}.{high}', function (User $user, string $low, string $high) {
    return [(string) (int) $low, (string) (int) $high] === [$low, $high]
        && (int) $low < (int) $high
        && in_array((string) $user->id, [$low, $high], true);
});

/** Who is online. */
Broadcast::channel('online', function (User $user) {
    return $user->profile();
});
