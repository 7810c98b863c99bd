<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures\Models;

use Illuminate\Broadcasting\Channel;
use Illuminate\Database\Eloquent\BroadcastsEvents;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\SoftDeletes;
use Illuminate\Foundation\Auth\User as Authenticatable;
use Illuminate\Notifications\Notifiable;

class Message extends Model
{
    public $timestamps = false;

    protected $guarded = [];
}

class User extends Authenticatable
{
    use Notifiable;

    public $timestamps = false;

    protected $guarded = [];
}

class BroadcastingPost extends Model
{
    use BroadcastsEvents;
    use SoftDeletes;

    public $timestamps = false;

    protected $guarded = [];

    public function broadcastOn(string $event): array
    {
        return [new Channel('posts')];
    }
}
