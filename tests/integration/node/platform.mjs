// The client that a platform's backend typically has: one socket, an acknowledgement per call, the message thrown.
import { io } from 'socket.io-client';

export class Platform {
  constructor(url, options = {}) {
    this.socket = io(url.replace(/^http/, 'ws'), { reconnection: true, timeout: 30000, forceNew: true, ...options });
  }

  /** Resolves with the reply as it came; rejects when none comes in time. */
  reply(event, ...payload) {
    return new Promise((resolve, reject) => {
      this.socket.timeout(30000).emit(event, ...payload, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  /** Resolves with the data of a successful reply; throws the message of any other. */
  async call(event, data) {
    const response = await this.reply(event, data);
    if (!response.success) throw new Error(response.message);
    return response.data;
  }

  close() {
    this.socket.disconnect();
  }
}
